"""Run times for the page, from the records of the jobs."""

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["run_times"]


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
