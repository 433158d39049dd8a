"""One file with all that a stranger needs to check results without running anything.

The archive is a zip file with one folder: the code as it was committed (lock files, settings and
the list of sources with it), the results of one scale with their records, the crate
(`unrolled.record.crate`) at the top, a ``README`` that says how to check, and ``SHA256SUMS`` over
all of it. Raw files stay out, for their licences are not ours to pass them on under; their sums
and homes are in.

The same content gives the same bytes: names are sorted, clock times are all 1980, a file can be
either run or not and nothing else of its mode is kept.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from unrolled.record.audit import CRATE
from unrolled.record.crate import crate_of, crate_text
from unrolled.record.ledger import RECORDS
from unrolled.record.report import RESULTS, Report

__all__ = ["write_archive"]

SUMS = "SHA256SUMS"
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # of a zip file
_BLOCK = 1 << 20

README = """\
Unrolled: results at {scale} scale, to be checked without running anything
==========================================================================

What this is. Figures of papers on recurrent networks, rebuilt from raw data, with the arrays and
networks behind them, the claims of the papers judged by numbers, and the record of every job. The
code that made them is here as it was committed:
{commit}.

Look. Open results/{scale}/index.html in a browser.

1. Is this what was packed? Any computer with sha256sum (or shasum -a 256) can say so:

     sha256sum --check --quiet {sums}

   No answer means that every file has the sum that is written down.

2. Was it made as it says? Each job wrote down what it read, what it made, with which code and
   settings. README.md, "From a figure back to the raw bytes", follows one figure by hand, with
   tail, grep and sha256sum; docs/audit.md explains the words. The same for every file at once,
   which runs no job of the workflow but needs the libraries of the lock:

     make setup && . .venv/bin/activate && unrolled audit

   It ends with exit status 0 and "intact". Of raw files it says that they are not here.

3. For other programs: {crate} is an RO-Crate (Provenance Run Crate 0.5).

Raw files. They are not here, because their licences are not ours to pass them on under. A file of
that sum is what the results were made from:

{raw}

Rebuild. With a network, `make` fetches the raw files, checks their sums, and makes everything
again (README.md).
"""


@dataclass(frozen=True)
class _Member:
    """One file of the archive."""

    content: bytes | Path
    executable: bool = False

    def open(self) -> BinaryIO:
        if isinstance(self.content, Path):
            return self.content.open("rb")
        return io.BytesIO(self.content)

    @property
    def size(self) -> int:
        content = self.content
        return content.stat().st_size if isinstance(content, Path) else len(content)


def write_archive(
    report: Report, target: str | Path, *, folder: str | Path, root: str | Path, scale: str
) -> None:
    """Pack code, results, records and crate.

    The code is taken from the commit, so that what a stranger reads is what everyone can fetch;
    where files differ from the commit, or are not in it, the archive would hold other code than
    made the results, and an audit in it would say so. Therefore a tree that is not clean is
    refused.

    Parameters
    ----------
    report : Report
        From `unrolled.record.soundness`.
    target : path
        The zip file. Its name without ``.zip`` is that of the folder in it.
    folder : path
        Folder that holds ``results``.
    root : path
        Folder of the Snakefile, a git repository.
    scale : str
        smoke, demo or paper.

    Raises
    ------
    ValueError
        If `root` is no git repository with a commit, or differs from it; the first file that
        differs is named.
    """
    target, root = Path(target), Path(root)
    commit = _clean_commit(root)
    crate = crate_of(report, folder=folder, scale=scale)
    members = {
        **dict(_code(root, commit)),
        **dict(_results(report, Path(folder), scale)),
        CRATE: _Member(crate_text(crate).encode()),
        "README": _Member(_readme(report, scale, commit).encode()),
    }
    partial = target.with_name(f".partial.{target.name}")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        sums = {
            name: _pack(archive, f"{target.stem}/{name}", member)
            for name, member in sorted(members.items())
        }
        lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sums.items())
        _pack(archive, f"{target.stem}/{SUMS}", _Member(lines.encode()))
    os.replace(partial, target)


def _clean_commit(root: Path) -> str:
    """The commit that is checked out, if the tree is just that."""
    commit = _git(root, "rev-parse", "--verify", "HEAD").decode().strip()
    changed = _git(root, "status", "--porcelain", "-z").decode().split("\0")[:-1]
    if changed:
        raise ValueError(
            f"{root} is not as it was committed: {changed[0][3:]}"
            f"{f' and {len(changed) - 1} more' if len(changed) > 1 else ''}. An archive holds the "
            "code of a commit; with changes beside it, nobody could tell which code made the "
            "results. Commit them, or put them away: git stash --include-untracked"
        )
    return commit


def _git(root: Path, *arguments: str) -> bytes:
    done = subprocess.run(
        ["git", "--no-optional-locks", "-C", str(root), *arguments], capture_output=True
    )
    if done.returncode:
        raise ValueError(
            f"{root} has no commit to take the code from, says git: "
            f"{done.stderr.decode(errors='replace').strip()}. Archive from a git checkout."
        )
    return done.stdout


def _code(root: Path, commit: str) -> Iterator[tuple[str, _Member]]:
    """Every file of a commit, links left out."""
    packed = io.BytesIO(_git(root, "archive", "--format=tar", commit))
    with tarfile.open(fileobj=packed) as tree:
        for member in tree:
            content = tree.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name, _Member(content.read(), bool(member.mode & 0o100))


def _results(report: Report, folder: Path, scale: str) -> Iterator[tuple[str, _Member]]:
    """What was audited of a scale, and the records that it was audited by."""
    top = f"{RESULTS}/{scale}"
    for path in report.nodes:
        if path.startswith(f"{top}/"):
            yield path, _Member(folder / path)
    for file in Path(folder, top, RECORDS).iterdir():
        yield f"{top}/{RECORDS}/{file.name}", _Member(file)


def _readme(report: Report, scale: str, commit: str) -> str:
    raw = [
        f"   {path}\n     sha256   {node.source['sha256']}\n     home     {node.source['home']}\n"
        f"     licence  {' '.join(node.source['licence'].split())}"
        for path, node in sorted(report.nodes.items())
        if node.source is not None
    ]
    return README.format(
        scale=scale,
        commit=commit,
        sums=SUMS,
        crate=CRATE,
        raw="\n".join(raw) or "   none was used",
    )


def _pack(archive: zipfile.ZipFile, name: str, member: _Member) -> str:
    """Put one file in; its sha256."""
    entry = zipfile.ZipInfo(name, _EARLIEST)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is written: modes are kept
    entry.external_attr = (0o100755 if member.executable else 0o100644) << 16
    entry.file_size = member.size  # beyond 2 GB an entry has another form
    total = hashlib.sha256()
    with member.open() as source, archive.open(entry, "w") as packed:
        while block := source.read(_BLOCK):
            total.update(block)
            packed.write(block)
    return total.hexdigest()
