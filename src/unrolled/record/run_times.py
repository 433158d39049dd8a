"""Run times for the page: from the records of the jobs into a script that the page loads."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["run_times", "write_run_times"]


def run_times(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The latest run of each job.

    Parameters
    ----------
    records : iterable of mapping
        Each with `rule`, `wildcards`, `started`, `seconds` and `peak_memory_bytes`; those of a
        job in the order in which they were written, for a clock may have been put back.

    Returns
    -------
    times : list of dict
        Longest first: `job`, `rule`, `seconds`, `peak_memory`, `start`.
    """
    latest: dict[str, dict[str, Any]] = {}
    for record in records:
        wildcards = record.get("wildcards") or {}
        names = " ".join(f"{key}={wildcards[key]}" for key in sorted(wildcards))
        job = f"{record['rule']} {names}".strip()
        entry = {
            "job": job,
            "rule": record["rule"],
            "wildcards": names,
            "seconds": record.get("seconds"),
            "peak_memory": record.get("peak_memory_bytes"),
            "start": record.get("started"),
        }
        latest[job] = entry
    return sorted(latest.values(), key=lambda item: (-(item["seconds"] or 0.0), item["job"]))


def write_run_times(folder: str | Path) -> Path:
    """Write ``run_times.js`` next to the records it is made from.

    A script rather than JSON, because a page opened from disk may load scripts but not data. A
    line that is no record (cut off by a kill) is left out: the page is for looking, the audit is
    the one to complain.

    Parameters
    ----------
    folder : path-like
        ``<results>/record``, whose ``*.jsonl`` files hold one record a line.

    Returns
    -------
    path : pathlib.Path
    """
    folder = Path(folder)
    records = []
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue
            if isinstance(record, dict) and "rule" in record:
                records.append(record)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "run_times.js"
    # "<" could end the script element if the text were ever put inside a page.
    text = json.dumps(run_times(records), ensure_ascii=False, indent=0).replace("<", "\\u003c")
    path.write_text(f"window.runTimes = {text};\n", encoding="utf-8")
    return path
