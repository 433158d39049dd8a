"""Lineages for the page: from the records of the jobs to drawings of what was made from what.

A drawing has columns from left to right, raw bytes first, and in each column groups of files
that one rule made. Nothing is hashed here and nothing is judged: the sums are those that the
jobs left on record, and whether they still hold is for the audit to say.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from unrolled.record.report import kind_of

__all__ = ["lineage"]

#: Kinds of files in the order of the data's way, with the heading of their columns.
STAGES = {
    "source": "raw",
    "raw": "raw",
    "data": "data",
    "network": "networks",
    "arrays": "arrays",
    "result": "arrays",
    "metrics": "metrics",
    "claims": "claims",
    "figure": "figure",
}
HEADINGS = tuple(dict.fromkeys(STAGES.values()))
#: What several files of a kind are called.
PLURALS = {
    "source": "files of the repository",
    "raw": "raw files",
    "data": "data files",
    "network": "network files",
    "arrays": "array files",
}
_FOLDERS = ("data", "models", "analysis", "figures")


def lineage(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What every figure and every ``claims.json`` was made from.

    Parameters
    ----------
    records : iterable of mapping
        Latest record of each job, see `unrolled.record.provenance`; one of an older form, which
        holds less, will do.

    Returns
    -------
    lineage : dict
        ``files``: `path`, `kind`, `sha256` and `bytes` as recorded, and `job`, a place in
        ``jobs`` or None. ``jobs``: how each of them was run; `settings` is a place in
        ``settings``. ``drawings``: for each figure's picture and each ``claims.json``, by path,
        the headings of its `columns`, `groups` of files and `edges` between groups.
    """
    return _Lineages(records).as_dict()


class _Lineages:
    """Files, jobs and drawings, as far as the drawings need them."""

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self._made: dict[str, Mapping[str, Any]] = {}
        for record in sorted(records, key=lambda record: str(record["started"])):
            self._made |= {output["path"]: record for output in record["outputs"]}
        used = (each for record in self._made.values() for each in record["inputs"])
        self._sums = {each["path"]: each for each in used} | {
            output["path"]: output
            for path, record in self._made.items()
            for output in record["outputs"]
            if output["path"] == path
        }
        self._files: dict[str, int] = {}
        self._jobs: dict[int, dict[str, Any]] = {}  # by the identity of the record
        self._settings: dict[str, int] = {}
        self._places: dict[str, tuple[int, int]] = {}

    def as_dict(self) -> dict[str, Any]:
        drawings = {path: self._drawing(path) for path in sorted(self._made) if _is_shown(path)}
        order = {key: place for place, key in enumerate(self._jobs)}
        return {
            "files": [self._file(path, order) for path in self._files],
            "jobs": list(self._jobs.values()),
            "settings": [json.loads(text) for text in self._settings],
            "drawings": drawings,
        }

    def _drawing(self, target: str) -> dict[str, Any]:
        """Groups in columns, and which group was made from which."""
        members: dict[tuple[Any, ...], list[str]] = {}
        paths = [output["path"] for output in self._made[target]["outputs"]]
        for path in self._ancestry(paths):
            members.setdefault(self._group(path), []).append(path)
        keys = sorted(members)
        columns = list(dict.fromkeys(place for place, *_ in keys))
        groups = [
            {
                "column": columns.index(key[0]),
                "name": _name(members[key]),
                "rule": key[1],
                "files": [self._number(path) for path in members[key]],
            }
            for key in keys
        ]
        edges = {
            (keys.index(self._group(used)), end)
            for end, key in enumerate(keys)
            for path in members[key]
            for used in self._inputs(path)
        }
        return {
            "columns": [HEADINGS[rank] for rank, _ in columns],
            "groups": groups,
            "edges": sorted(map(list, edges)),
        }

    def _ancestry(self, paths: Iterable[str]) -> list[str]:
        """Files and all that they were made from, each once."""
        todo, found = list(paths), set[str]()
        while todo:
            path = todo.pop()
            if path not in found:
                found.add(path)
                todo += self._inputs(path)
        return sorted(found)

    def _inputs(self, path: str) -> list[str]:
        record = self._made.get(path)
        return [each["path"] for each in record["inputs"]] if record else []

    def _group(self, path: str) -> tuple[tuple[int, int], str, str]:
        record = self._made.get(path)
        return self._place(path), record["rule"] if record else "", kind_of(path)

    def _place(self, path: str) -> tuple[int, int]:
        """Stage, and step within the stage: always to the right of everything it was made from."""
        if path not in self._places:
            stage = HEADINGS.index(STAGES[kind_of(path)])
            self._places[path] = (stage, 0)  # records that lead in a circle must end, too
            last = max(map(self._place, self._inputs(path)), default=(-1, 0))
            self._places[path] = (stage, 0) if last[0] < stage else (last[0], last[1] + 1)
        return self._places[path]

    def _number(self, path: str) -> int:
        """Place of a file among the files, its job among the jobs."""
        record = self._made.get(path)
        if record is not None and id(record) not in self._jobs:
            self._jobs[id(record)] = self._job(record)
        return self._files.setdefault(path, len(self._files))

    def _job(self, record: Mapping[str, Any]) -> dict[str, Any]:
        settings = json.dumps(record.get("params") or {}, sort_keys=True)
        git = record.get("git") or {}
        return {
            "rule": record["rule"],
            "wildcards": record["wildcards"],
            "started": record["started"],
            "seconds": record.get("seconds"),
            "commit": git.get("commit"),
            "dirty": git.get("dirty"),
            "seed": record.get("seed"),
            "lock": record.get("lock"),
            "python": record.get("python"),
            "processor": record.get("processor"),
            "settings": self._settings.setdefault(settings, len(self._settings)),
        }

    def _file(self, path: str, order: Mapping[int, int]) -> dict[str, Any]:
        record = self._made.get(path)
        return {
            "path": path,
            "kind": kind_of(path),
            "sha256": self._sums[path]["sha256"],
            "bytes": self._sums[path]["bytes"],
            "job": order[id(record)] if record is not None else None,
        }


def _is_shown(path: str) -> bool:
    kind = kind_of(path)
    return kind == "claims" or (kind == "figure" and path.endswith(".png"))


def _name(paths: list[str]) -> str:
    """One file by its name within its stage, several outputs of one name by it, else a number."""
    names = {_short_name(path) for path in paths}
    if len(names) == 1:
        return names.pop()
    return f"{len(paths)} {PLURALS.get(kind_of(paths[0]), 'files')}"


def _short_name(path: str) -> str:
    *folders, name = Path(path).parts
    if kind_of(path) in ("raw", "source"):
        return name  # there the ending says what it is
    inside = [place for place, folder in enumerate(folders) if folder in _FOLDERS]
    short = Path(*folders[inside[-1] + 1 :] if inside else (), name)
    return short.with_suffix("").as_posix()
