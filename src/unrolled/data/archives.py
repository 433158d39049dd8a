"""Members of zip and tar archives, read in memory and checked against known sums.

An archive is never unpacked to disk: no member's name, link or mode can reach the file system.
What it unpacks to is bounded in size and number, whatever its headers say.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

# Of one read. A header of a tar that announces more is none that a program writes.
_CHUNK = 1 << 16
# The largest real archive unpacks to 0.5 GB, the one with most members has 0.1 million.
_MOST_BYTES = 4 << 30
_MOST_MEMBERS = 1 << 18
_MOST_BYTES_OF_A_MEMBER = 1 << 30
_MEMORY_OF_XZ = 1 << 28  # four times what its strongest setting takes
_BLOCK = 512  # of a tar; two blocks of zeros are its end
_PLAIN_ZIP = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ArchiveError(ValueError):
    """An archive that cannot be read; the message says which, why, and what to do."""


def checksum(path: str | Path) -> str:
    """The sha256 of a file, in hexadecimal.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def check_archive(path: str | Path, sha256: str) -> None:
    """Refuse an archive that is missing or is not the one that was pinned.

    Parameters
    ----------
    path : str or pathlib.Path
    sha256 : str
        What its bytes must add up to.

    Raises
    ------
    ValueError
        If the file is missing or has another sum.
    """
    path = Path(path)
    again = f"Run: snakemake --cores all --forcerun fetch -- {path}"
    if not path.is_file():
        raise ValueError(f"{path} is missing. {again}")
    found = checksum(path)
    if found != sha256:
        raise ValueError(
            f"{path} ({path.stat().st_size} bytes) is not the file that workflow/sources.yaml "
            f"names: its sha256 is\n  {found}, but should be\n  {sha256}. Delete it. {again}"
        )


def read_member(archive: str | Path, member: Mapping[str, Any]) -> bytes:
    """One file inside an archive, its sum checked.

    Parameters
    ----------
    archive : str or pathlib.Path
        A zip or tar file, the tar plain or in gzip.
    member : dict
        ``path``: list of names, from the outermost archive to the file (each but the last is an
        archive itself). ``sha256`` (optional where the archive's own is known): of the file,
        before any decompression below. ``compression`` (optional): ``xz``, taken off after it.

    Returns
    -------
    bytes
        The file's content.

    Raises
    ------
    ValueError
        If there is no such file or there are two, it is no plain file, its sum is another, or
        the archive is damaged or unpacks to more than any archive of ours.
    """
    place = str(archive)
    with Path(archive).open("rb") as file:
        stream: IO[bytes] = file
        for name in member["path"]:
            stream = io.BytesIO(_extract(stream, name, place))
            place = f"{place} > {name}"
        content = stream.read()
    found = hashlib.sha256(content).hexdigest()
    expected = member.get("sha256", found)
    if found != expected:
        raise ArchiveError(
            f"{place}: the sha256 is\n  {found}, but workflow/sources.yaml says\n  "
            f"{expected}. Delete {archive} and run `snakemake --cores all` again."
        )
    if member.get("compression") == "xz":
        return _without_xz(content, place)
    return content


def split_lines(content: bytes, place: str) -> list[str]:
    r"""Lines of a UTF-8 text, ended by ``\n`` or ``\r\n`` and by nothing else.

    Parameters
    ----------
    content : bytes
    place : str
        Where it stands, for the message.

    Returns
    -------
    list of str
        ``str.splitlines`` would also break at signs that stand inside sentences here.

    Raises
    ------
    ValueError
        If the text is not UTF-8.
    """
    lines = decode_text(content, place).replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def decode_text(content: bytes, place: str) -> str:
    """A UTF-8 text.

    Parameters
    ----------
    content : bytes
    place : str
        Where it stands, for the message.

    Raises
    ------
    ValueError
        If it is not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArchiveError(
            f"{place} is not UTF-8 text ({error.reason} at byte {error.start}). Compare the "
            "archive with its entry in workflow/sources.yaml."
        ) from error


def iterate_tar(archive: str | Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of each plain file of a tar, in the archive's order.

    Parameters
    ----------
    archive : str or pathlib.Path
        A tar, plain or in gzip.

    Yields
    ------
    name : str
        As it stands there: not to be used as a path.
    file : binary file
        Valid until the next one is asked for.

    Raises
    ------
    ValueError
        If the file is no tar, is cut short, or unpacks to more than any archive of ours; while
        the tar or one of its files is read.
    """
    with Path(archive).open("rb") as stream:
        yield from _tar_entries(stream, str(archive))


class _Bounded:
    """The unpacked bytes of a tar, read from front to back, in small pieces, up to a limit.

    A header can announce any size, even a negative one, which would turn the reader back for ever.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.last = b""  # what was read last

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _CHUNK:
            raise ValueError(f"a header announces {size} bytes of names")
        self._refuse_beyond(self.tell() + size)
        self.last = self._stream.read(size)
        return self.last

    def seek(self, position: int) -> None:
        if position < self.tell():
            raise ValueError("a header points backwards")
        self._refuse_beyond(position)
        self._stream.seek(position)

    def tell(self) -> int:
        return self._stream.tell()

    @staticmethod
    def _refuse_beyond(position: int) -> None:
        if position > _MOST_BYTES:
            raise ValueError(f"it unpacks to more than {_MOST_BYTES} bytes")


class _Member(io.RawIOBase):
    """A file of a tar that says which archive it is of when it cannot be read."""

    def __init__(self, file: IO[bytes], place: str) -> None:
        self._file, self._place = file, place

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _naming(self._place):
            return self._file.readinto(memoryview(buffer)[:_CHUNK])  # type: ignore[attr-defined]


def _tar_entries(stream: IO[bytes], place: str) -> Iterator[tuple[str, IO[bytes]]]:
    """Plain files of a tar; links, devices, folders and sparse files are passed over."""
    bounded = _Bounded(_without_gzip(stream))
    with _naming(place):
        tar = tarfile.TarFile(fileobj=bounded)  # type: ignore[arg-type]
    for _ in range(_MOST_MEMBERS):
        with _naming(place):
            entry = tar.next()
            if entry is None:
                return _check_end(bounded)
            plain = entry.isreg() and not entry.issparse()
            file = tar.extractfile(entry) if plain else None
            if file is not None and not 0 <= entry.size <= _MOST_BYTES_OF_A_MEMBER:
                raise ValueError(f"{entry.name!r} unpacks to {entry.size} bytes")
        if file is not None:
            yield entry.name, io.BufferedReader(_Member(file, place))
        # They would pile up, each with a copy of what a header says of all.
        tar.members.clear()  # type: ignore[attr-defined]
    raise _unreadable(place, f"it has more than {_MOST_MEMBERS} members")


def _check_end(bounded: _Bounded) -> None:
    """Refuse a tar that stops without its mark: the reader takes a broken header for the end."""
    if bounded.last != bytes(_BLOCK):
        raise ValueError(f"it is cut short or damaged at byte {bounded.tell()}")
    while bounded.read(_CHUNK):  # up to gzip's own sum
        pass


def _without_gzip(stream: IO[bytes]) -> IO[bytes]:
    start = stream.read(2)
    stream.seek(0)
    return gzip.GzipFile(fileobj=stream) if start == b"\x1f\x8b" else stream  # type: ignore[return-value]


def _without_xz(content: bytes, place: str) -> bytes:
    opened = lzma.LZMADecompressor(memlimit=_MEMORY_OF_XZ)
    with _naming(place):
        unpacked = opened.decompress(content, _MOST_BYTES_OF_A_MEMBER)
        if not opened.eof:
            many = len(unpacked) == _MOST_BYTES_OF_A_MEMBER
            raise ValueError(f"more than {len(unpacked)} bytes" if many else "it is cut short")
        if opened.unused_data:
            raise ValueError(f"{len(opened.unused_data)} bytes follow its end")
    return unpacked


def _extract(stream: IO[bytes], name: str, place: str) -> bytes:
    start = stream.read(2)
    stream.seek(0)
    contents = (
        _zip_contents(stream, name, place)
        if start == b"PK"
        else [file.read() for found, file in _tar_entries(stream, place) if found == name]
    )
    if len(contents) != 1:
        many = "no plain file" if not contents else "more than one file"
        raise ArchiveError(
            f"{place} has {many} {name!r} inside. Compare `members` in workflow/sources.yaml "
            "with the archive."
        )
    return contents[0]


def _zip_contents(stream: IO[bytes], name: str, place: str) -> list[bytes]:
    """Contents of the plain files of a zip that are called so."""
    with _naming(place), zipfile.ZipFile(stream) as opened:
        entries = [entry for entry in opened.infolist() if entry.filename == name]
        return [_read_zipped(opened, entry) for entry in entries if _is_plain(entry)]


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(entry.external_attr >> 16)  # 0 where the archive comes from no Unix
    return not entry.is_dir() and kind in (0, stat.S_IFREG)


def _read_zipped(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > _MOST_BYTES_OF_A_MEMBER:
        raise ValueError(f"{entry.filename!r} unpacks to {entry.file_size} bytes")
    if entry.compress_type not in _PLAIN_ZIP:
        raise ValueError(f"{entry.filename!r} is packed by method {entry.compress_type}")
    with opened.open(entry) as file:  # in pieces: what it unpacks to may be more than it says
        content = b"".join(iter(lambda: file.read(_CHUNK), b""))
    if len(content) != entry.file_size:
        raise ValueError(f"{entry.filename!r} has {len(content)} of {entry.file_size} bytes")
    return content


@contextmanager
def _naming(place: str) -> Iterator[None]:
    """Say which archive it is, whatever goes wrong: bytes from outside can fail in any way."""
    try:
        yield
    except ArchiveError:
        raise
    except Exception as error:
        raise _unreadable(place, str(error) or type(error).__name__) from error


def _unreadable(place: str, reason: str) -> ArchiveError:
    return ArchiveError(
        f"{place} cannot be read as an archive ({reason}). Delete the file and run "
        "`snakemake --cores all` again."
    )
