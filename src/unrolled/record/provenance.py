"""Records of what made each output: one file of JSON lines for each job, only appended to.

A line carries the sha256 of the line before it, so that a later edit shows. Nothing in a line
names a person, a machine or a folder outside the project.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from unrolled.record.lock import loaded_versions

RECORD_FOLDER = "UNROLLED_RECORD"
GIT_STATE = "UNROLLED_GIT"
FIRST = "0" * 64

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
        The record with ``previous``, the sha256 of the line before (zeros for the first).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.exists() else b""
    lines = before.splitlines()
    chained = {**record, "previous": hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST}
    text = json.dumps(chained, sort_keys=True, default=str, ensure_ascii=False) + "\n"
    if before and not before.endswith(b"\n"):
        text = "\n" + text  # a run that was killed left half a line; it stays, to be seen
    with path.open("ab") as file:
        file.write(text.encode())
    return chained


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
        If a line does not carry the sha256 of the line before it: the file was edited.
    """
    records, previous = [], FIRST
    for number, line in enumerate(Path(path).read_bytes().splitlines(), start=1):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if isinstance(record, dict):
            if record.get("previous") != previous:
                raise ValueError(
                    f"{path}, line {number}: the line before it is not the one that it was "
                    "written after, so the records were edited. Compare them with a copy, or "
                    "delete the outputs and run `snakemake --cores all` again."
                )
            records.append(record)
        previous = hashlib.sha256(line).hexdigest()
    return records


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
        "versions": loaded_versions(root),
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
