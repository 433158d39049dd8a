"""From a figure back to the raw bytes: does every link still hold?

An audit reads the records, hashes every file that they name, asks the workflow what it would do
now, and compares. It writes nothing, runs no job, and looks at no clock time and at nothing of
Snakemake's own notes.

=============  ====================================================================================
intact         the bytes are the recorded ones, and inputs, settings, code, lock and seed are those
               of now
drifted        intact, but the same inputs, settings, code, lock and seed gave other bytes before
stale          made from something that is not so any more: an input, a setting, a module, a
               library, the seed; or the file is missing
unrecorded     no record says where the file is from, or its job was traced and read a file that
               the rule does not declare
tampered       the bytes, or the record itself, are not those that the job left
=============  ====================================================================================
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from unrolled.files import load_json, load_yaml
from unrolled.record.ledger import RECORDS, Entry, Ledger, read_ledger
from unrolled.record.lock import pinned_versions
from unrolled.record.outputs import digest
from unrolled.record.present import present_jobs
from unrolled.record.reads import undeclared_reads
from unrolled.record.report import RAW, RESULTS, Change, Link, Node, Report, kind_of, worst
from unrolled.settings.model import SCALES

__all__ = ["Change", "Link", "Node", "Report", "audit", "whole_scales"]

#: Exports of the results of a scale: the crate, and the archive of all of it.
CRATE = "ro-crate-metadata.json"
ARCHIVES = {scale: f"unrolled-{scale}.zip" for scale in SCALES}
# Below results, what is no result: records, half-done work, exports; below resources, other copies.
_ASIDE = {RECORDS, "checkpoints", "downloads", CRATE, *ARCHIVES.values()}


def audit(paths: Sequence[str | Path], root: str | Path) -> Report:
    """Judge files and everything they were made from.

    Parameters
    ----------
    paths : sequence of path
        Files or folders of a working folder's ``results`` or ``resources``, that working folder
        itself, or ids of claims. None at all means every result of every scale of `root`.
    root : path
        Folder of the Snakefile that says what is so now.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If a path is neither a file, nor on record, nor a claim; if paths are of several working
        folders; if Snakemake cannot read the workflow.
    """
    root = Path(root).resolve()
    folder = _working_folder(paths, root)
    ledger = read_ledger(folder)
    targets = _targets(paths, folder, ledger)
    lineage = _lineage(targets, ledger)
    with ThreadPoolExecutor() as pool:
        present = _ask_now(ledger, lineage, root, pool)
        places = {path: _place(path, folder, root) for path in lineage}
        found = dict(zip(places, pool.map(_digest, places.values()), strict=True))
        judge = _Judge(ledger, found, present(), root)
    return Report(tuple(targets), {path: judge.node(path) for path in lineage})


def whole_scales(paths: Sequence[str | Path], root: str | Path) -> list[Path]:
    """Folders of the scales that an audit of `paths` looks at as a whole.

    Parameters
    ----------
    paths : sequence of path
        As for `audit`.
    root : path
        Folder of the Snakefile.

    Returns
    -------
    list of pathlib.Path
    """
    folder = _working_folder(paths, Path(root).resolve())
    places = [Path(path).absolute() for path in paths] or [folder]
    tops = [folder / RESULTS / scale for scale in SCALES]
    return [top for top in tops if top.is_dir() and any(map(top.is_relative_to, places))]


def _working_folder(paths: Sequence[str | Path], root: Path) -> Path:
    """The folder that holds ``results``, of all paths."""
    folders = {folder for path in paths if (folder := _folder_of(Path(path))) is not None}
    if len(folders) > 1:
        raise ValueError(
            f"The paths are of {len(folders)} working folders, {', '.join(map(str, folders))}. "
            "Audit one after the other."
        )
    return folders.pop() if folders else root


def _folder_of(path: Path) -> Path | None:
    path = path.absolute()
    for place in (path, *path.parents):
        if place.name in (RESULTS, RAW):
            return place.parent
    return path if Path(path, RESULTS).is_dir() else None


def _targets(paths: Sequence[str | Path], folder: Path, ledger: Ledger) -> list[str]:
    """Files that are asked for, in order, each once."""
    if not paths:
        return _files_below(folder, folder, ledger)
    found: list[str] = []
    for path in paths:
        absolute = Path(path).absolute()
        inside = Path(os.path.relpath(absolute, folder)).as_posix()
        if inside in ledger.outputs or (absolute.is_file() and kind_of(inside) != "source"):
            found.append(inside)
        elif absolute.is_dir():
            found += _files_below(absolute, folder, ledger)
        else:
            found.append(_sheet_of(str(path), folder))
    return list(dict.fromkeys(found))


def _files_below(place: Path, folder: Path, ledger: Ledger) -> list[str]:
    """Results and raw files in a folder, and recorded ones that are missing there."""
    tops = [folder / RESULTS / scale for scale in SCALES]
    tops += [folder / RAW] if place != folder else []
    inside = {
        path.relative_to(folder).as_posix()
        for top in tops
        for path in (top if top.is_relative_to(place) else place).rglob("*")
        if path.is_relative_to(top) and path.is_file() and _is_result(path.relative_to(top))
    }
    inside |= {path for path in ledger.outputs if Path(folder, path).is_relative_to(place)}
    # Of a folder that is one output, not the files in it.
    return sorted(
        path
        for path in inside
        if not any(parent.as_posix() in ledger.outputs for parent in Path(path).parents)
    )


def _is_result(path: Path) -> bool:
    return path.parts[0] not in _ASIDE and not any(part.startswith(".") for part in path.parts)


def _sheet_of(claim: str, folder: Path) -> str:
    """The ``claims.json`` that judges a claim."""
    known: list[str] = []
    for sheet in sorted(Path(folder, RESULTS).glob("*/*/claims.json")):
        for item in load_json(sheet)["claims"]:
            if claim in (item["id"], item["claim"], f"{sheet.parent.name}/{item['id']}"):
                return sheet.relative_to(folder).as_posix()
            known.append(item["id"])
    raise ValueError(
        f"{claim} is neither a result, nor a raw file, nor the id of a claim"
        + (f" such as {known[0]}" if known else "")
        + f", in {folder}. Name a file or folder below {RESULTS}/ or {RAW}/, or nothing to audit "
        "everything."
    )


def _lineage(targets: Iterable[str], ledger: Ledger) -> list[str]:
    """Targets and all that they were made from."""
    todo, seen = list(targets), set()
    lineage = []
    while todo:
        path = todo.pop(0)
        if path in seen:
            continue
        seen.add(path)
        lineage.append(path)
        if path in ledger.outputs:
            todo += [each["path"] for each in ledger.outputs[path].record["inputs"]]
    return lineage


def _place(path: str, folder: Path, root: Path) -> Path:
    return folder / path if Path(folder, path).exists() else root / path


def _digest(path: Path) -> tuple[str, int] | None:
    return digest(path) if path.exists() else None


def _ask_now(
    ledger: Ledger, lineage: Iterable[str], root: Path, pool: ThreadPoolExecutor
) -> Callable[[], dict[str, Any]]:
    """Begin to ask the workflow; what comes back gives its answers by journal."""
    entries = {entry.journal: entry for path in lineage if (entry := ledger.outputs.get(path))}
    asked = []
    for scale in SCALES:
        names = [name for name in entries if name.split("/")[1] == scale]
        if names:
            records = [entries[name].record for name in names]
            jobs = [(record["rule"], record["wildcards"]) for record in records]
            asked.append((names, pool.submit(present_jobs, jobs, scale=scale, root=root)))

    def answers() -> dict[str, Any]:
        return {
            name: {**job, "versions": answer["versions"]}
            for names, future in asked
            for answer in [future.result()]
            for name, job in zip(names, answer["jobs"], strict=True)
        }

    return answers


class _Judge:
    """Compares what was recorded with what is there and with what the workflow says now."""

    def __init__(
        self,
        ledger: Ledger,
        found: Mapping[str, tuple[str, int] | None],
        present: Mapping[str, Any],
        root: Path,
    ) -> None:
        self._ledger, self._found, self._present = ledger, found, present
        self._pins = pinned_versions(root)
        self._sources = _read_sources(root)

    def node(self, path: str) -> Node:
        """One file: its bytes, its record, what its job used, what its job would do now."""
        sha256, size = self._found[path] or (None, None)
        entry = self._ledger.outputs.get(path)
        links = self._links(path, entry)
        if entry is None:
            changes = list(self._without_record(path, sha256))
        else:
            changes = [
                *(Change("tampered", "record", path, note=fault) for fault in entry.faults),
                *self._bytes(path, entry, sha256),
                *_stale_links(links),
                *_reads(entry),
                *self._circumstances(entry),
            ]
        return Node(
            path=path,
            kind=kind_of(path),
            sha256=sha256,
            bytes=size,
            verdict=worst(change.verdict for change in changes),
            changes=tuple(changes),
            links=links,
            record=entry.record if entry else None,
            source=self._source(path),
        )

    def _source(self, path: str) -> dict[str, Any] | None:
        """Home, licence and sum of a raw file."""
        return self._sources.get(Path(path).name) if kind_of(path) == "raw" else None

    def _sum_now(self, path: str) -> str | None:
        """Sum of what is there; of a raw file that is not, the one that it is fetched with."""
        if found := self._found[path]:
            return found[0]
        return (self._source(path) or {}).get("sha256")

    def _links(self, path: str, entry: Entry | None) -> tuple[Link, ...]:
        links = []
        for each in entry.record["inputs"] if entry else ():
            now = self._sum_now(each["path"])
            verdict = "intact" if now == each["sha256"] else "stale"
            links.append(Link(path, each["path"], each["sha256"], now, verdict))
        return tuple(links)

    def _without_record(self, path: str, sha256: str | None) -> Iterator[Change]:
        kind = kind_of(path)
        if kind == "source":
            return  # of the repository; whoever read it has it on record
        source = self._source(path)
        if source is not None and sha256 is None:
            yield self._missing(path, source["sha256"])
            return
        if source is not None and sha256 is not None:  # put there by hand, as the README allows
            if sha256 != source["sha256"]:
                note = "not what workflow/sources.yaml says of it" + self._holder(sha256)
                yield Change("tampered", "bytes", path, source["sha256"], sha256, note)
            return
        if sha256 is None:
            yield Change("stale", "bytes", path, note="missing; snakemake would make it")
            return
        lost = self._ledger.lost.get(Path(path).parts[1], ()) if kind != "raw" else ()
        why = "there is no record of it"
        if path in self._ledger.older:
            why = "its record has an older form, which holds too little"
        elif lost:
            why += f"; gone are sealed records: {', '.join(lost)}"
        note = f"{why}. To have one: snakemake --cores all --force {path}"
        yield Change("unrecorded", "record", path, None, sha256, note + self._holder(sha256))

    def _bytes(self, path: str, entry: Entry, sha256: str | None) -> Iterator[Change]:
        recorded = entry.output(path)["sha256"]
        if sha256 is None:
            yield self._missing(path, recorded)
        elif sha256 != recorded:
            note = "the job left other bytes" + self._holder(sha256)
            yield Change("tampered", "bytes", path, recorded, sha256, note)
        if (before := entry.drifted_from(path)) is not None:
            note = "rebuilt from the same with other bytes"
            machines = [each["processor"] for each in (entry.before, entry.record) if each]
            if len(set(machines)) > 1:
                note += f", on another processor: {' and '.join(machines)}"
            yield Change("drifted", "bytes", path, before, recorded, note)

    def _missing(self, path: str, recorded: str) -> Change:
        """A file that is not there; a raw one is not missed as long as its home has it."""
        if recorded == self._sum_now(path):
            note = "not here, as in an archive; its home has it, and this is its sum"
            return Change("intact", "bytes", path, recorded, None, note)
        return Change("stale", "bytes", path, recorded, None, "missing; snakemake would make it")

    def _holder(self, sha256: str) -> str:
        holder = self._ledger.holders.get(sha256)
        return f"; these are the bytes of {holder}" if holder else ""

    def _circumstances(self, entry: Entry) -> Iterator[Change]:
        """Code, lock, seed, settings and the list of inputs, then and now."""
        record, now = entry.record, self._present[entry.journal]
        if "gone" in now:
            yield Change("stale", "rule", record["rule"], record["rule"], None, now["gone"])
            return
        code = dict(line.rsplit(" ", 1) for line in now["code"])
        seed, lock = code.pop("seed"), code.pop("lock")
        yield from _compared("code", record["code"], code)
        yield from _compared("seed", {"seed": record["seed"]}, {"seed": int(seed)})
        if lock != record["lock"]:
            yield from self._libraries(record, now["versions"])
        yield from self._pinned(record)
        yield from _compared("setting", _flat(record["params"]), _flat(now["params"]))
        used = [each["path"] for each in record["inputs"]]
        for path in [each for each in now["inputs"] if each not in used]:
            yield Change("stale", "input", path, None, path, "the rule reads it now")
        for path in [each for each in used if each not in now["inputs"]]:
            yield Change("stale", "input", path, path, None, "the rule reads it no more")

    def _libraries(
        self, record: Mapping[str, Any], versions: Mapping[str, str]
    ) -> Iterator[Change]:
        recorded = {"python": record["python"], **record["versions"]}
        installed = {"python": platform.python_version(), **versions}
        yield from _compared("lock", recorded, installed)

    def _pinned(self, record: Mapping[str, Any]) -> Iterator[Change]:
        """Libraries that the lock files do not ask for in the version that was used."""
        for name, version in record["versions"].items():
            pins = self._pins.get(name, {version})
            if version not in pins:
                asked = " or ".join(sorted(pins))
                yield Change("stale", "lock", name, version, asked, "the lock asks for another")


def _stale_links(links: Iterable[Link]) -> Iterator[Change]:
    for link in links:
        if link.verdict != "intact":
            yield Change("stale", "input", link.input, link.recorded, link.found)


def _reads(entry: Entry) -> Iterator[Change]:
    for path in undeclared_reads(entry.record):
        note = "the job read it, but the rule names it neither as an input nor in code_of"
        yield Change("unrecorded", "read", path, note=note)


def _compared(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """A change for each name whose value differs."""
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield Change("stale", what, name, _shown(before), _shown(after))


def _shown(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _flat(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted names."""
    if not isinstance(settings, dict) or not settings:
        return {prefix: settings} if prefix else {}
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{prefix}.{name}" if prefix else str(name))
    return flat


def _read_sources(root: Path) -> dict[str, dict[str, Any]]:
    """Entries of ``workflow/sources.yaml`` by the name of their file."""
    path = root / "workflow" / "sources.yaml"
    content = load_yaml(path) if path.is_file() else {}
    return {source["file"]: source for source in content.values()}
