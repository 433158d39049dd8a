"""Records of what made each output: one file of JSON lines for each job, only appended to.

A folder ``results/<scale>/record`` holds a journal for each job, named by its rule and wildcards
as ``train,cell=gru,corpus=film.jsonl``, and beside them the seals of `unrolled.record.seals`.
Every run of the job adds one line:

===================  ==============================================================================
``format``           2; lines of an older form have none
``record``           name of what was computed: inputs, settings, code, lock and seed (`record_id`)
``rule, wildcards``  the job
``scale``            smoke, demo or paper
``outputs, inputs``  path, ``sha256`` and ``bytes`` of each; paths from the working folder, or from
                     the repository
``params``           the rule's named parameters: its settings, or where a raw file comes from
``code``             script, modules of the package and further files, each with a hash of its code
``seed``             root seed
``lock, versions``   fingerprint of the locked libraries, and the version of each
``git``              commit, and whether tracked files differed from it
``reads``            where the settings say ``trace: true``: files that the script opened, see
                     `unrolled.record.reads`
``run``              sha256 of the seal that opened the run
``notes``            what a step wished to have kept of its run: where a raw file came from
``previous``         sha256 of the line before it, zeros for the first
``digest``           sha256 of this line's own content, without the digest
===================  ==============================================================================

and processor, threads, variables, start, seconds and memory. Jobs that run at the same time write
to different files, on one machine or on a cluster; two runs that share one wait for each other. A
line is on the disk before its outputs are moved into place: a job that is killed in between, or a
power cut, leaves a record without a file, never a file without a record. Nothing in a line names a
person, a machine or a folder outside the project.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from unrolled.record.alive import lock_file
from unrolled.record.lock import locked_versions
from unrolled.record.outputs import flush_to_disk

RECORD_FOLDER = "UNROLLED_RECORD"
GIT_STATE = "UNROLLED_GIT"
FIRST = "0" * 64
FORMAT = 2

# What a reader of records relies on; a line in which one of these is of another kind is no record.
_KINDS: dict[str, Any] = {
    "rule": str,
    "record": str,
    "wildcards": dict,
    "outputs": list,
    "inputs": list,
    "params": dict,
    "code": dict,
    "versions": dict,
    "started": str,
    "seconds": int | float | None,
    "scale": str | None,
    "run": str | None,
    "heads": dict,
}

_RECORDED_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "PYTHONHASHSEED",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS",
    "XLA_FLAGS",
)


def record_id(
    rule: str,
    wildcards: Mapping[str, str],
    *,
    inputs: Iterable[str],
    params: Mapping[str, Any],
    code: Iterable[str],
) -> str:
    """Name of what a job computes: equal for equal code, settings and data, wherever it runs.

    Parameters
    ----------
    rule : str
        Name of the rule.
    wildcards : dict
        Their values.
    inputs : iterable of str
        Sha256 of each input, in the rule's order.
    params : dict
        Named parameters.
    code : iterable of str
        What `code_of` returned: closure, lock and seed.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    content = [rule, dict(wildcards), list(inputs), dict(params), sorted(code)]
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def journal_path(rule: str, wildcards: Mapping[str, str], folder: str | Path) -> Path:
    """File that holds the records of one job.

    Parameters
    ----------
    rule : str
        Name of the rule.
    wildcards : dict
        Their values; any text.
    folder : path
        Folder of the records.

    Returns
    -------
    pathlib.Path
        ``<folder>/<rule>.jsonl`` or ``<folder>/<rule>,corpus=film,cell=gru.jsonl``.
    """
    parts = [rule, *(f"{name}={quote(wildcards[name], safe='')}" for name in sorted(wildcards))]
    return Path(folder, ",".join(parts) + ".jsonl")


@dataclass(frozen=True)
class Line:
    """One line of a journal as it stands there.

    Parameters
    ----------
    number : int
        From 1.
    sha256 : str
        Of its bytes.
    record : dict or None
        What it says; None where a kill cut it short.
    fault : str
        How it shows that somebody edited the file; empty where nothing shows.
    """

    number: int
    sha256: str
    record: dict[str, Any] | None
    fault: str


def append_record(path: str | Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Add one line to a job's records, chained to the line before it.

    Parameters
    ----------
    path : path
        From `journal_path`; made if needed.
    record : dict
        What to write.

    Returns
    -------
    dict
        The record with ``format``, ``previous`` and ``digest``.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        lock_file(file)
        file.seek(0)
        before = file.read()
        lines = before.splitlines()
        previous = hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST
        # As it will be read: keys that are numbers become text.
        chained = json.loads(_text({**record, "format": FORMAT, "previous": previous}))
        chained["digest"] = _digest(chained)
        text = _text(chained) + "\n"
        if before and not before.endswith(b"\n"):
            text = "\n" + text  # a run that was killed left half a line; it stays, to be seen
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    if not before:
        flush_to_disk(path.parent)  # the new file's name
    return chained


def read_lines(path: str | Path) -> list[Line]:
    """Every line of a journal, with what is wrong with it.

    Parameters
    ----------
    path : path
        From `journal_path`.

    Returns
    -------
    list of Line
        Oldest first.
    """
    lines, previous = [], FIRST
    for number, line in enumerate(Path(path).read_bytes().splitlines(), start=1):
        record, fault = _parsed(line), ""
        if record is not None and not _is_record(record):
            record, fault = None, "it is no record"
        elif record is not None and "format" in record and record.get("digest") != _digest(record):
            fault = "it was edited"
        elif record is not None and record.get("previous") != previous:
            fault = "the line before it is not the one that it was written after"
        previous = hashlib.sha256(line).hexdigest()
        lines.append(Line(number, previous, record, fault))
    return lines


def read_records(path: str | Path) -> list[dict[str, Any]]:
    """Every record of one job, oldest first.

    Parameters
    ----------
    path : path
        From `journal_path`.

    Returns
    -------
    list of dict
        Lines that were cut short are left out.

    Raises
    ------
    ValueError
        If a line was edited, or does not carry the sha256 of the line before it.
    """
    lines = read_lines(path)
    for line in lines:
        if line.fault:
            raise ValueError(
                f"{path}, line {line.number}: {line.fault}, so the records were edited. Compare "
                "them with a copy, or delete the file and its outputs and run "
                "`snakemake --cores all` again."
            )
    return [line.record for line in lines if line.record is not None]


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _is_record(content: Mapping[str, Any]) -> bool:
    """Whether all that is there and that a reader relies on is of the kind that is written."""
    if not all(isinstance(content[name], kind) for name, kind in _KINDS.items() if name in content):
        return False
    if not all(isinstance(value, str) for value in content.get("wildcards", {}).values()):
        return False
    files = [*content.get("outputs", ()), *content.get("inputs", ())]
    heads = content.get("heads", {}).values()
    return all(
        isinstance(file, dict)
        and isinstance(file.get("path"), str)
        and isinstance(file.get("sha256", 0), str | None)
        for file in files
    ) and all(isinstance(head, list) and [*map(type, head)] == [int, str] for head in heads)


def _text(record: Mapping[str, Any]) -> str:
    return json.dumps(record, sort_keys=True, default=str, ensure_ascii=False)


def _digest(record: Mapping[str, Any]) -> str:
    content = {name: value for name, value in record.items() if name != "digest"}
    return hashlib.sha256(_text(content).encode()).hexdigest()


def describe_run(root: str | Path) -> dict[str, Any]:
    """Facts about this process: commit, versions, processor, threads, memory.

    Parameters
    ----------
    root : path
        Folder of the Snakefile.

    Returns
    -------
    dict
        For a record.
    """
    from unrolled.record.determinism import THREAD_VARIABLES

    watched = (*THREAD_VARIABLES, *_RECORDED_VARIABLES)
    return {
        "git": _git_facts(os.environ.get(GIT_STATE) or git_state(root)),
        "versions": locked_versions(root),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "environment": {name: os.environ[name] for name in watched if name in os.environ},
        "peak_memory_bytes": peak_memory(),
    }


def git_state(root: str | Path) -> str:
    """Commit of the repository and whether tracked files differ from it, in one call of git.

    Parameters
    ----------
    root : path
        Folder of the Snakefile.

    Returns
    -------
    str
        ``"<commit> clean"``, ``"<commit> dirty"``, or ``"none"`` where there is no git.
    """
    command = ["git", "-C", str(root), "status", "--porcelain=v2", "--branch", "-uno"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return "none"
    lines = done.stdout.splitlines()
    commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid")), "")
    if len(commit) < 40:  # nothing is committed yet
        return "none"
    return f"{commit} {'dirty' if any(line[0] != '#' for line in lines) else 'clean'}"


def _git_facts(state: str) -> dict[str, Any]:
    commit, _, condition = state.partition(" ")
    return {"commit": None if commit == "none" else commit, "dirty": condition == "dirty"}


def processor() -> str:
    """Model of the processor: other models choose other kernels, and so other last digits."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def peak_memory() -> int:
    """Most memory that this process held at once, in bytes."""
    try:  # the kernel's own count; getrusage also counts what the parent held before us
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # not on this system
        return 0
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024


def known_path(path: str | Path, root: str | Path) -> str:
    """A path from the working folder, or from the repository; never an absolute one.

    Parameters
    ----------
    path : path
        Any file.
    root : path
        Folder of the Snakefile.

    Returns
    -------
    str
        With forward slashes. A file outside both is given by its name alone.
    """
    absolute = Path(path).absolute()
    for folder in (Path.cwd(), Path(root).absolute()):
        inside = Path(os.path.relpath(absolute, folder))
        if ".." not in inside.parts:
            return inside.as_posix()
    return absolute.name
