"""One file over HTTP: from the first address that has it, gone on with where it broke off.

No server is trusted. A download that goes on asks for some bytes that it has already and compares
them, so that it can go on from whatever is there, from any address: an earlier try, a killed run,
another mirror. Whether the whole is the wanted file only its sum says.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urljoin

import requests
import urllib3

_OVERLAP = 1 << 16  # bytes that are asked for once more
_PIECE = 1 << 16
_MEGABYTE = 10**6  # a try that brings less counts as one that brings nothing
_LEAST_SPEED = 1000  # bytes a second
_LONGEST_PAUSE_S = 600
_REDIRECTS = 10
_PASSING = {408, 425, 429}  # of the answers 4xx, those that may be others in a moment
_PAGE = re.compile(rb"\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_HEAD = 64  # bytes in which a web page shows itself
_CHANGED = (
    "the publisher's file has changed since it was pinned. If you trust the new one, "
    "put its sha256 and bytes into workflow/sources.yaml"
)


class DownloadError(Exception):
    """No address gives the file.

    Parameters
    ----------
    failures : list of str
        What became of each address.
    """

    def __init__(self, failures: list[str]) -> None:
        super().__init__("\n".join(failures))
        self.failures = failures


class _Trouble(Exception):
    """One try failed; another may succeed, after a pause, or none at this address will."""

    def __init__(self, reason: str, *, again: bool, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.again, self.pause_s = again, pause_s


def download(
    file: io.FileIO,
    source: Mapping[str, Any],
    *,
    progress: Callable[[int, str], Any] | None,
    say: Callable[[str], object],
    attempts: int,
    pause_s: float,
    patience_s: float,
) -> dict[str, Any]:
    """Fill a file from the addresses of a source, in their order.

    Parameters
    ----------
    file : io.FileIO
        Open for reading and appending (``a+b``), with what came earlier; it keeps what came if
        this fails, unless that cannot be part of the wanted file.
    source : dict
        ``file``, ``sha256``, ``fetch: {urls}`` and, if known, ``bytes``.
    progress : callable or None
        See `fetch_file`.
    say : callable
        Told of each try that fails and is not the last.
    attempts : int
        Tries for each address that may bring nothing.
    pause_s : float
        Seconds before the second try, doubled before each further one; a server that asks for
        more gets it, up to ten minutes.
    patience_s : float
        Seconds that a server may be silent, or send less than 1000 bytes a second.

    Returns
    -------
    dict
        ``from``: the address that gave the last bytes; ``tries``: how many were needed.

    Raises
    ------
    DownloadError
        If no address gives the file.
    OSError
        If the file cannot be written.
    """
    if _size(file) and _sum(file) == source["sha256"]:
        return {"from": "what an earlier run had left", "tries": 0}
    failures, tries = [], 0
    with _Session() as session:
        part = _Part(session, file, source, progress, patience_s)
        for url in source["fetch"]["urls"]:
            first, fruitless = tries, 0
            while fruitless < attempts:
                tries += 1
                before = _size(file)
                try:
                    part.go_on(url)
                    return {"from": url, "tries": tries}
                except _Trouble as error:
                    trouble = error
                fruitless += _size(file) - before < _MEGABYTE
                if not trouble.again or trouble.pause_s > _LONGEST_PAUSE_S:
                    break
                if fruitless < attempts:
                    pause = max(trouble.pause_s, pause_s * 2 ** max(fruitless - 1, 0))
                    say(f"{url}: {trouble}; again in {pause:.0f} s")
                    sleep(pause)
            count = tries - first
            failures.append(f"{url}: {trouble}" + (f" ({count} tries)" if count > 1 else ""))
    raise DownloadError(failures)


class _Session(requests.Session):
    """Follows a few redirects, none of them from a secure address to an open one."""

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = _REDIRECTS

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target and resp.url.startswith("https:"):
            following = urljoin(resp.url, target)
            if not following.startswith("https:"):
                raise requests.exceptions.InvalidSchema(f"it redirects to {following}, not secure")
        return target


class _Part:
    """A download as far as it has come."""

    def __init__(
        self,
        session: requests.Session,
        file: io.FileIO,
        source: Mapping[str, Any],
        progress: Callable[[int, str], Any] | None,
        patience_s: float,
    ) -> None:
        self._session, self._file, self._source = session, file, source
        self._progress, self._patience_s = progress, patience_s
        self._bytes: int | None = source.get("bytes")

    def go_on(self, url: str) -> None:
        """Ask an address for what is missing; once all is there, look at the sum."""
        offset = max(_size(self._file) - _OVERLAP, 0)
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        try:
            with self._session.get(
                url, headers=headers, stream=True, timeout=self._patience_s
            ) as response:
                start, total = self._extent(response, offset)
                self._receive(response, start, total)
        except (ValueError, requests.TooManyRedirects) as error:  # requests' own for bad addresses
            raise _Trouble(str(error), again=False) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _Trouble(f"no whole answer ({_innermost(error)})", again=True) from error
        self._check(gone_on=start > 0)

    def _extent(self, response: requests.Response, offset: int) -> tuple[int, int | None]:
        """Where the answer begins, and how long the server says that its file is."""
        if response.status_code == 200:
            return 0, response.raw.length_remaining
        if response.status_code in (206, 416):
            said = response.headers.get("Content-Range", "")
            found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", said)
            if response.status_code == 416 or found is None or int(found[1]) != offset:
                self._file.truncate(0)
                raise _Trouble("it cannot go on from where the download broke off", again=True)
            return offset, None if found[2] == "*" else int(found[2])
        raise _Trouble(
            f"the server says {response.status_code} {response.reason}",
            again=response.status_code >= 500 or response.status_code in _PASSING,
            pause_s=_asked_pause(response),
        )

    def _receive(self, response: requests.Response, start: int, total: int | None) -> None:
        """Add what comes; nothing of an answer that shows at once that it is another file."""
        pieces = self._pieces(response)
        head = b""
        while len(head) < _HEAD and (piece := next(pieces, b"")):
            head += piece
        if start == 0 and _PAGE.match(head):
            raise _Trouble("it sends a web page in place of the file", again=False)
        if self._bytes is not None and total not in (None, self._bytes):
            raise _Trouble(
                f"it has a file of {total} bytes in place of {self._bytes}: {_CHANGED}", again=False
            )
        position = start
        megabytes, bar = self._bar(start, self._bytes or total)
        for piece in chain([head], pieces):
            if bar is not None:
                bar.update((position - start) // _MEGABYTE)
            self._lay(piece, position, gone_on=start > 0)
            position += len(piece)
            if self._bytes is not None and position > self._bytes:
                self._file.truncate(0)
                raise _Trouble(f"it sends more than {self._bytes} bytes: {_CHANGED}", again=False)
        if self._bytes is not None and position < self._bytes:
            raise _Trouble(f"it ends after {position} of {self._bytes} bytes", again=True)
        self._file.truncate(position)
        if bar is not None:
            bar.update(megabytes)

    def _pieces(self, response: requests.Response) -> Iterator[bytes]:
        """What comes, as it comes, unless it comes too slowly.

        Bytes as they are sent: an archive that a server calls compressed is still that archive.
        """
        began, came = monotonic(), 0
        while piece := response.raw.read1(_PIECE, decode_content=False):
            yield piece
            came += len(piece)
            spent = monotonic() - began
            if spent > self._patience_s:
                if came < _LEAST_SPEED * spent:
                    raise _Trouble(f"too slow: {came} bytes in {spent:.0f} s", again=True)
                began, came = monotonic(), 0

    def _lay(self, piece: bytes, position: int, *, gone_on: bool) -> None:
        """Compare with what is there, add what is not; the answer wins where it has all."""
        self._file.seek(position)
        known = self._file.read(len(piece))
        if known != piece[: len(known)]:
            self._file.truncate(0 if gone_on else position)
            if gone_on:
                raise _Trouble("it has other bytes than those that came before", again=True)
            known = b""
        rest = memoryview(piece)[len(known) :]
        while rest:
            rest = rest[self._file.write(rest) :]

    def _check(self, *, gone_on: bool) -> None:
        """Put aside what is whole and wrong, drop what was put together and does not fit."""
        found, wanted = _sum(self._file), self._source["sha256"]
        if found == wanted:
            return
        size = _size(self._file)
        if not gone_on:
            aside = Path(self._file.name).with_name(wrong_name(self._source, found))
            shutil.copyfile(self._file.name, aside)
        self._file.truncate(0)
        if gone_on:
            raise _Trouble("its bytes do not fit those that came before", again=True)
        raise _Trouble(
            f"it gives a whole file of {size} bytes, but its sha256 is\n    {found}, not\n    "
            f"{wanted}: {_CHANGED} (what came is in {aside})",
            again=False,
        )

    def _bar(self, start: int, total: int | None) -> tuple[int, Any]:
        """Megabytes that are to come, and who is told of them."""
        if self._progress is None or total is None:
            return 0, None
        megabytes = max(-(-(total - start) // _MEGABYTE), 1)
        here = f" after the first {start // _MEGABYTE}" if start >= _MEGABYTE else ""
        return megabytes, self._progress(megabytes, f"fetch {self._source['file']} (MB{here})")


def wrong_name(source: Mapping[str, Any], found: str) -> str:
    """Name under which a file with another sum is put aside.

    Parameters
    ----------
    source : dict
        Of the file that was wanted.
    found : str
        Sha256 of what is there.

    Returns
    -------
    str
    """
    return f"{source['file']}.{found[:8]}.wrong"


def _size(file: io.FileIO) -> int:
    return file.seek(0, 2)


def _sum(file: io.FileIO) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _asked_pause(response: requests.Response) -> float:
    """Seconds for which a server asks before the next try."""
    asked = response.headers.get("Retry-After")
    if asked is None:
        return 0.0
    try:
        return urllib3.util.Retry().parse_retry_after(asked)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return 0.0


def _innermost(error: BaseException) -> str:
    """What the system said, without the wrappings of libraries."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__
