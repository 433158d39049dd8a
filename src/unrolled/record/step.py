"""One job of the workflow: its log, seeds, threads, outputs and record."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from unrolled.record import provenance
from unrolled.record.advice import advice
from unrolled.record.alive import stay_alive
from unrolled.record.closure import PACKAGE, modules_in
from unrolled.record.determinism import generator, pin_environment, seed_libraries
from unrolled.record.logs import Progress, close_log, duration, job_name, open_log, real_traceback
from unrolled.record.outputs import Outputs, digest
from unrolled.record.reads import TRACE, ReadTrace
from unrolled.record.seals import current_run

if TYPE_CHECKING:
    import numpy as np

ROOT = Path(__file__).resolve().parents[3]


def run_step(snakemake: Any) -> Step:
    """Open a job; the whole script stands inside.

    Parameters
    ----------
    snakemake : snakemake.script.Snakemake
        What Snakemake puts into a script.

    Returns
    -------
    Step
        A context manager.

    Examples
    --------
    ::

        with run_step(snakemake) as step:
            save_json(judge(load_json(step.input.metrics)), step.output.claims)
    """
    return Step(snakemake)


class Step:
    """What a script may see of its job; nothing else is tracked.

    Attributes
    ----------
    input, params, wildcards
        As in Snakemake, by name.
    output : Outputs
        Paths to write to; moved into place when the script has ended well.
    log : logging.Logger
        Log file and terminal.
    checkpoint : pathlib.Path
        Folder for what lets the job go on after it was killed.
    record_id : str
        Sixteen hexadecimal digits that name what is computed here.
    """

    def __init__(self, snakemake: Any) -> None:
        self._rule: str = snakemake.rule
        self._wildcards = {name: str(value) for name, value in snakemake.wildcards.items()}
        self._code = code_lines(snakemake.params)
        self._script = _script_path(self._code)
        self._seed = _seed_of(self._code, self._rule)
        self._began = time.monotonic()
        self._start = datetime.now(UTC)
        self.input, self.params = snakemake.input, snakemake.params
        self.wildcards = snakemake.wildcards
        self._log_file = next(iter(snakemake.log), None)
        self._threads = snakemake.threads
        self._scale = snakemake.config.get("scale")
        self.log = open_log(self._rule, self._log_file)
        self.output = Outputs(snakemake.output)
        self._notes: dict[str, Any] = {}
        self._trace: ReadTrace | None = None

    def __enter__(self) -> Self:
        """Say so, fix threads and seeds, look at the inputs."""
        self.log.info("start %s", job_name(self._rule, self._wildcards))
        stay_alive()
        pin_environment(self._threads)
        seed_libraries(self._seed, *self._names)
        try:
            self.output.make_folders()
            self._run = current_run(self._journal.parent) if self.output.final else None
            _bring_back_from_the_future(map(Path, self.input))
            self._inputs = [
                {"path": provenance.known_path(path, ROOT), "sha256": sha256, "bytes": size}
                for path in self.input
                for sha256, size in [digest(path)]
            ]
        except OSError as error:
            self._give_up(error, None)
        if os.environ.get(TRACE) and self.output.final:
            self._trace = ReadTrace(ROOT, self._own_files())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Move outputs into place and record them, or remove them and say why."""
        if error is None:
            try:
                self._finish()
            except Exception as own:
                self._give_up(own, own.__traceback__)
            return
        if isinstance(error, Exception):
            self._give_up(error, trace)
        self.output.discard()  # Ctrl-C, or the script's own sys.exit
        self.log.error("stopped %s", job_name(self._rule, self._wildcards))
        close_log(self.log)

    @cached_property
    def record_id(self) -> str:
        """Name of what is computed here: rule, wildcards, inputs, parameters, code and seed."""
        return provenance.record_id(
            self._rule,
            self._wildcards,
            inputs=[str(each["sha256"]) for each in self._inputs],
            params=named(self.params),
            code=self._code,
        )

    @property
    def checkpoint(self) -> Path:
        """Folder in which a killed job leaves what it needs to go on.

        Not among the rule's outputs, which Snakemake removes before a job starts. It is named by
        `record_id`, so that nobody goes on from other inputs, settings or code, and it is removed
        when the job has ended well, with those of the job's earlier settings.
        """
        return self._checkpoints / self.record_id

    @cached_property
    def rng(self) -> np.random.Generator:
        """Random numbers of this job: root seed, rule and wildcards."""
        return generator(self._seed, *self._names)

    def generator(self, *names: object) -> np.random.Generator:
        """Random numbers of a thing with a name, whichever job makes it.

        Parameters
        ----------
        *names : str or int
            For instance the paper, the corpus, the cell and the network's number.

        Returns
        -------
        numpy.random.Generator
            Depends on the root seed and the names alone.
        """
        return generator(self._seed, *map(str, names))

    def note(self, **facts: Any) -> None:
        """Keep facts of this run in its record, none of which changes what is computed.

        Parameters
        ----------
        **facts
            Text or numbers, where a file came from for instance.
        """
        self._notes |= facts

    def progress(self, total: int, label: str, unit: str = "") -> Progress:
        """A loop's progress, in whole lines with the time left.

        Parameters
        ----------
        total : int
            How much there is to do.
        label : str
            What is being done.
        unit : str
            What is counted; where it has a name, the speed is said as well.

        Returns
        -------
        Progress
            Call its ``update(done, loss=0.41)``.
        """
        return Progress(total, label, self.log.info, unit=unit)

    def source(self, path: str) -> Path:
        """A file of the repository that the rule named in ``code_of``.

        Parameters
        ----------
        path : str
            From the repository's root, ``workflow/claims/line_attractor.yaml`` for instance.

        Returns
        -------
        pathlib.Path
            Where it is.

        Raises
        ------
        ValueError
            If the rule did not name it, for then a change of it would go unseen.
        """
        if path not in {line.split()[0] for line in self._code}:
            raise ValueError(
                f"rule {self._rule} reads {path} without naming it. Say so in its params: "
                f'*code_of("{self._code[0].split()[0]}", "{path}")'
            )
        return ROOT / path

    @property
    def _journal(self) -> Path:
        """Where this job is recorded."""
        folder = os.environ.get(provenance.RECORD_FOLDER) or self.output.final[0].parent / "record"
        return provenance.journal_path(self._rule, self._wildcards, folder)

    @property
    def _checkpoints(self) -> Path:
        """Folder of all checkpoints of this job, beside the records."""
        return self._journal.parents[1] / "checkpoints" / self._journal.stem

    def _own_files(self) -> list[str | Path]:
        """Files and folders that the job writes: reading them again is no reading of others."""
        log = [self._log_file] if self._log_file else []
        folders = [self._journal.parent, self._checkpoints]
        return [*self.output, *self.output.final, *log, *folders]

    @property
    def _names(self) -> list[str]:
        wildcards = sorted(self._wildcards.items())
        return [self._rule, *(f"{name}={value}" for name, value in wildcards)]

    def _finish(self) -> None:
        """Check, record and move, in this order: no output is ever there without its record.

        Each is on the disk before the next begins, so that this holds after a power cut as well.
        """
        reads = {"reads": self._trace.stop()} if self._trace else {}
        self._check_closure()
        written = self.output.describe()
        facts = provenance.describe_run(ROOT)
        seconds = time.monotonic() - self._began
        if written:
            self.output.flush()
            provenance.append_record(self._journal, self._record(written, seconds, facts | reads))
            self.output.commit()
            shutil.rmtree(self._checkpoints, ignore_errors=True)
        self.log.info(
            "done %s in %s, %d MB at most",
            job_name(self._rule, self._wildcards),
            duration(seconds) if seconds >= 10 else f"{seconds:.1f} s",
            facts["peak_memory_bytes"] // 10**6,
        )
        close_log(self.log)

    def _record(
        self, written: list[tuple[Path, str, int]], seconds: float, facts: Mapping[str, Any]
    ) -> dict[str, Any]:
        code = dict(line.rsplit(" ", 1) for line in self._code)
        code.pop("seed", None)
        return {
            "record": self.record_id,
            "run": self._run,
            "rule": self._rule,
            "scale": self._scale,
            "wildcards": self._wildcards,
            "outputs": [
                {"path": provenance.known_path(path, ROOT), "sha256": sha256, "bytes": size}
                for path, sha256, size in written
            ],
            "inputs": self._inputs,
            "params": named(self.params),
            "seed": self._seed,
            "lock": code.pop("lock", None),
            "code": code,
            "threads": self._threads,
            "started": self._start.isoformat(timespec="milliseconds"),
            "seconds": round(seconds, 3),
            **({"notes": self._notes} if self._notes else {}),
            **facts,
        }

    def _check_closure(self) -> None:
        """Every module of the package that was loaded must have been seen by reading the code."""
        known = modules_in(self._code)
        unseen = sorted(
            name for name in sys.modules if name.split(".")[0] == PACKAGE and name not in known
        )
        if unseen:
            raise RuntimeError(
                f"{self._code[0].split()[0]} loaded {', '.join(unseen)}, which cannot be seen by "
                "reading its imports, so that an edit there would make nothing stale. Import by "
                "name, in the script or in a module it imports: from unrolled.<room> import <name>."
            )

    def _give_up(self, error: BaseException, trace: TracebackType | None) -> NoReturn:
        """Log an error with the script's own lines, remove what was written, end the job."""
        job = job_name(self._rule, self._wildcards)
        report = real_traceback(error, trace, script=self._script)
        remedy = advice(error, job=job, held=provenance.peak_memory())
        self.output.discard()  # first, for on a full disk this makes room for the words
        self.log.error("failed %s", "\n".join(filter(None, [job, report, remedy])))
        close_log(self.log)
        sys.exit(1)


def code_lines(params: Any) -> list[str]:
    """Parameters without a name, as `code_of` returned them; the seed is the last.

    Parameters
    ----------
    params : snakemake.iocontainers.Params
        A job's parameters.

    Returns
    -------
    list of str
    """
    lines: list[str] = []
    for value in params:
        if not isinstance(value, str):
            break
        lines.append(value)
        if value.startswith("seed "):
            return lines
    return []


def named(params: Any) -> dict[str, Any]:
    """Parameters with a name: a job's settings.

    Parameters
    ----------
    params : snakemake.iocontainers.Params
        A job's parameters.

    Returns
    -------
    dict
    """
    return dict(params.items())


def _script_path(code: list[str]) -> Path | None:
    """The script as it stands in the repository."""
    if code:
        path = ROOT / code[0].split()[0]
        if path.is_file():
            return path
    return None


def _bring_back_from_the_future(paths: Iterable[Path]) -> None:
    """Date files that a clock gone wrong dated in the future back to now.

    Snakemake refuses an output that is older than its job's inputs, so that a job would fail until
    the clock had caught up. What is stale is decided by content, which stays.
    """
    now = time.time()
    for path in paths:
        if path.exists() and path.stat().st_mtime > now:
            with contextlib.suppress(OSError):  # somebody else's file
                os.utime(path, (now, now))


def _seed_of(code: list[str], rule: str) -> int:
    for line in code:
        name, _, value = line.partition(" ")
        if name == "seed":
            return int(value)
    raise ValueError(
        f"rule {rule} does not say which code it runs, so that nothing would make it stale. Begin "
        'its params with: *code_of("scripts/…"),'
    )
