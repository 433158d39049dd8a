"""Members of zip and tar archives, read in memory and checked against known sums.

An archive is never unpacked to disk: no member's name, link or mode can reach the file system.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20


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
        A zip or (compressed) tar file.
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
        If there is no such file, it is no plain file, or its sum is another.
    """
    content = Path(archive).read_bytes()
    place = str(archive)
    for name in member["path"]:
        content = _extract(content, name, place)
        place = f"{place} > {name}"
    found = hashlib.sha256(content).hexdigest()
    expected = member.get("sha256", found)
    if found != expected:
        raise ValueError(
            f"{place}: the sha256 is\n  {found}, but workflow/sources.yaml says\n  "
            f"{expected}. Delete {archive} and run `snakemake --cores all` again."
        )
    if member.get("compression") == "xz":
        return lzma.decompress(content)
    return content


def split_lines(content: bytes) -> list[str]:
    r"""Lines of a UTF-8 text, ended by ``\n`` or ``\r\n`` and by nothing else.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    list of str
        ``str.splitlines`` would also break at signs that stand inside sentences here.
    """
    lines = content.decode("utf-8").replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def iterate_tar(archive: str | Path) -> Iterator[tuple[str, io.BufferedIOBase]]:
    """Name and content of each plain file of a tar, in the archive's order.

    Parameters
    ----------
    archive : str or pathlib.Path

    Yields
    ------
    name : str
    file : binary file
        Valid until the next one is asked for.

    Raises
    ------
    ValueError
        If the file is no tar, or is cut short.
    """
    try:
        with tarfile.open(archive, mode="r:*") as tar:
            for entry in tar:
                file = tar.extractfile(entry) if entry.isreg() else None
                if file is not None:
                    yield entry.name, file  # type: ignore[misc]
    except (tarfile.TarError, EOFError, lzma.LZMAError, OSError) as error:
        raise _unreadable(str(archive), error) from error


def _extract(content: bytes, name: str, place: str) -> bytes:
    try:
        if content[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(content)) as opened:
                return opened.read(name)
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            # Not extractfile(name): that would follow a link to wherever it points.
            file = tar.extractfile(entry) if (entry := tar.getmember(name)).isreg() else None
            if file is None:
                raise KeyError(f"{name!r} is no plain file")
            return file.read()
    except KeyError as error:
        raise ValueError(
            f"{place} has no plain file {name!r} inside ({error.args[0]}). Compare `members` in "
            "workflow/sources.yaml with the archive."
        ) from error
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise _unreadable(place, error) from error


def _unreadable(place: str, error: Exception) -> ValueError:
    return ValueError(
        f"{place} cannot be read as an archive ({error}). Delete the file and run "
        "`snakemake --cores all` again."
    )
