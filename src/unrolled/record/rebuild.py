"""Results made anew from nothing in other circumstances, and compared with the first ones.

A result that depends on anything that is neither an input, nor a setting, nor code, nor the lock,
nor the seed comes out otherwise when that thing changes. So everything of the kind that a machine
may do differently one day is changed on purpose: see `Circumstances`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from unrolled.record.comparison import Comparison, compare, upstream_first
from unrolled.record.ledger import Ledger, read_ledger

__all__ = ["Circumstances", "Rebuilt", "circumstances", "rebuild"]

#: Takes what is being built, steps done and steps in all.
Tell = Callable[[str, int, int], object]

_RAW = "resources"
_STEPS = re.compile(r"(\d+) of (\d+) steps")
# As unlike English as a locale can be: another small letter for I, a comma in numbers.
_LOCALES = ("tr_TR.utf8", "de_DE.utf8", "fr_FR.utf8")
_SAID = 60  # last lines of a failed build that are shown


@dataclass(frozen=True)
class Circumstances:
    """What a build happens to run in, on which no result may depend.

    Parameters
    ----------
    folder : str
        Name of the working folder.
    hash_seed : str
        Of the process that reads the Snakefile; the order of its sets follows from it.
    time_zone : str
        As POSIX writes it, which needs no database.
    locale : str
        For ``LC_ALL`` and ``LANG``.
    cores : str
        ``1`` or ``all``.
    scheduler : str
        Which of Snakemake's: it decides which of the jobs that could run do run.
    trace : bool
        Whether each step notes the files that it opens.
    """

    folder: str
    hash_seed: str
    time_zone: str
    locale: str
    cores: str
    scheduler: str
    trace: bool

    def environment(self) -> dict[str, str]:
        """Variables of the build: this process's, without what an outer run may have set."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("UNROLLED_", "SNAKEMAKE_", "LC_"))
        }
        return kept | {
            "PYTHONHASHSEED": self.hash_seed,
            "TZ": self.time_zone,
            "LC_ALL": self.locale,
            "LANG": self.locale,
        }


def circumstances() -> tuple[Circumstances, Circumstances]:
    """Two that differ in every respect."""
    return (
        Circumstances("plain", "1", "UTC", "C.UTF-8", "1", "greedy", trace=True),
        Circumstances(
            "naïve copy", "20011", "NPT-5:45", _unlike_locale(), "all", "ilp", trace=False
        ),
    )


def _unlike_locale() -> str:
    """A locale of this machine that is unlike English; the bare one where there is none."""
    try:
        done = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.SubprocessError):
        return "C"
    installed = {_plain(name): name for name in done.stdout.split()}
    return next((installed[_plain(name)] for name in _LOCALES if _plain(name) in installed), "C")


def _plain(locale: str) -> str:
    return locale.lower().replace("-", "")


@dataclass(frozen=True)
class Rebuilt:
    """What came of building anew.

    Parameters
    ----------
    comparison : Comparison
        Of every recorded output.
    folders : tuple of pathlib.Path
        The two that were compared.
    """

    comparison: Comparison
    folders: tuple[Path, Path]


def rebuild(
    targets: Sequence[str],
    *,
    scale: str,
    root: str | Path,
    parent: str | Path,
    twice: bool,
    tell: Tell = lambda label, done, total: None,
) -> Rebuilt:
    """Build targets from nothing, and compare every output that their jobs leave.

    Raw files of the checkout are lent to the builds; what is missing there is fetched once.

    Parameters
    ----------
    targets : sequence of str
        Rules, or files as ``results/<scale>/…``; none at all means everything.
    scale : str
        smoke, demo or paper.
    root : path
        Folder of the Snakefile.
    parent : path
        An empty folder; the builds are made in folders of it, and left there.
    twice : bool
        Two builds in unlike circumstances are compared with each other; else one build with
        the results of `root`.
    tell : callable
        Told of the beginning and of every finished step.

    Returns
    -------
    Rebuilt

    Raises
    ------
    ValueError
        If a build fails, or `root` has no results that one build could be compared with.
    """
    root, parent = Path(root).resolve(), Path(parent).resolve()
    plain, unlike = circumstances()
    build = partial(_build, scale=scale, root=root, tell=tell)
    first, earlier = root, Ledger({}, frozenset(), {}, {})
    if twice:
        first = parent / plain.folder
        build(first, plain, targets, lender=root)
        earlier = read_ledger(first)
    elif not (root / "results" / scale).is_dir():
        raise ValueError(
            f"{root} has no results at {scale} scale to compare with. Build them first: "
            f"snakemake --cores all --config scale={scale}, or build twice: unrolled rebuild "
            f"--twice --scale {scale}"
        )
    second = parent / unlike.folder
    build(second, unlike, targets, hurried=_begun_last(earlier), lender=first)
    outputs = {**read_ledger(second).outputs, **earlier.outputs}
    return Rebuilt(compare(upstream_first(outputs), first, second), (first, second))


def _build(
    folder: Path,
    around: Circumstances,
    targets: Sequence[str],
    *,
    scale: str,
    root: Path,
    lender: Path,
    tell: Tell,
    hurried: Sequence[str] = (),
) -> None:
    """One build in a new folder; the hurried outputs come as early as they can."""
    folder.mkdir(parents=True)
    _lend(lender / _RAW, folder / _RAW)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile")]
    command += ["--directory", str(folder), "--cores", around.cores]
    command += ["--scheduler", around.scheduler]
    command += ["--prioritize", *hurried] if hurried else []
    command += ["--config", f"scale={scale}", f"trace={around.trace}", "--", *targets]
    said: deque[str] = deque(maxlen=_SAID)
    tell(around.folder, 0, 1)  # planning takes a while
    with subprocess.Popen(
        command,
        env=around.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if found := _STEPS.search(line):
                tell(around.folder, int(found[1]), int(found[2]))
    if process.returncode:
        raise ValueError(f"The build in {folder} failed. It said last:\n{''.join(said).strip()}")


def _lend(raw: Path, target: Path) -> None:
    """Raw files without a copy where the file system can; a job never writes into one."""
    if raw.is_dir():
        aside = shutil.ignore_patterns("downloads", ".*")
        shutil.copytree(raw, target, copy_function=_link, ignore=aside)


def _link(source: str, target: str) -> None:
    try:
        os.link(os.path.realpath(source), target)
    except OSError:  # another disk
        shutil.copy2(source, target)


def _begun_last(ledger: Ledger) -> list[str]:
    """An output of each job that needed no other one, of those that began in the later half.

    Snakemake has no order to choose but priorities: with these first, the second half of such
    jobs comes before the first.
    """
    journals = {
        entry.journal: (entry.record["started"], path)
        for path, entry in ledger.outputs.items()
        if not any(each["path"] in ledger.outputs for each in entry.record["inputs"])
    }
    in_order = [path for _, path in sorted(journals.values())]
    return in_order[(len(in_order) + 1) // 2 :]
