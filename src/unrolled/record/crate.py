"""An RO-Crate of a run: what was made, of what, by which code, in words that other programs read.

The crate is a *Provenance Run Crate* 0.5 [1]_, written with the `rocrate` library from the records
and from nothing else. The Snakefile is the main entity, each script a tool, each job a step
(HowToStep) with its orchestration (ControlAction) and its run (CreateAction: what it read, its
settings, what it made, when), and Snakemake the engine (OrganizeAction). Result files carry the
sha256 and size that were recorded when the job left them; what was not recorded is left out,
be it the sum of a script or a person's name. Earlier runs of a job stay in its journal, which is
part of the crate: their files are gone, and a path cannot have two sums.

A raw file is no part of a crate that is passed on, so it is named by its content, as RFC 6920 has
it, with its home and its licence beside.

The text follows from the records alone, but these hold clock times: two rebuilds of the same bytes
have different crates.

References
----------
.. [1] Leo et al., "Recording provenance of workflow runs with RO-Crate", PLoS ONE 19(9), 2024;
   https://w3id.org/ro/wfrun/provenance/0.5
"""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import posixpath
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rocrate.model.computerlanguage import get_lang
from rocrate.model.contextentity import ContextEntity
from rocrate.model.data_entity import DataEntity
from rocrate.rocrate import ROCrate

from unrolled.files import load_json
from unrolled.record.ledger import RECORDS
from unrolled.record.provenance import journal_path
from unrolled.record.report import RESULTS, Report

__all__ = ["crate_of", "crate_text", "write_crate"]

WORKFLOW_PROFILE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    WORKFLOW_PROFILE: "Workflow RO-Crate",
}
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
LICENCE = "https://spdx.org/licenses/MIT"
WORKFLOW = "Snakefile"

# Only what Python itself knows: the same on every machine.
_TYPES = mimetypes.MimeTypes()
_TYPES.add_type("application/yaml", ".yaml")


def write_crate(report: Report, target: str | Path, *, folder: str | Path, scale: str) -> None:
    """Write the crate of a run beside its results.

    Parameters
    ----------
    report : Report
        From `unrolled.record.soundness`.
    target : path
        ``results/<scale>/ro-crate-metadata.json``.
    folder : path
        Folder that holds ``results``.
    scale : str
        smoke, demo or paper.
    """
    base = Path(target).absolute().parent.relative_to(Path(folder).absolute()).as_posix()
    content = crate_of(report, folder=folder, scale=scale, base=base)
    Path(target).write_text(crate_text(content), encoding="utf-8")


def crate_text(content: Mapping[str, Any]) -> str:
    """A crate as the text of its file: the same for the same content.

    Parameters
    ----------
    content : dict
        From `crate_of`.
    """
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def crate_of(report: Report, *, folder: str | Path, scale: str, base: str = ".") -> dict[str, Any]:
    """The crate of a run, as JSON-LD.

    Parameters
    ----------
    report : Report
        From `unrolled.record.soundness`.
    folder : path
        Folder that holds ``results``; read for the papers that the claims are about.
    scale : str
        smoke, demo or paper.
    base : str
        Folder that the crate describes, from `folder`: paths in the crate are relative to it.

    Returns
    -------
    dict
        Content of ``ro-crate-metadata.json``.
    """
    return _Run(report, Path(folder), scale, base).describe()


class _Run:
    """A crate in the making: each thing is described once and then referred to."""

    def __init__(self, report: Report, folder: Path, scale: str, base: str) -> None:
        self._report, self._folder, self._scale, self._base = report, folder, scale, base
        self._crate = ROCrate(version="1.1")  # what the profile extends
        self._records = _jobs(report)
        self._tools: dict[str, DataEntity] = {}
        self._steps: list[ContextEntity] = []
        self._recorded = {
            each["path"]: each
            for record in self._records.values()
            for each in (*record["inputs"], *record["outputs"])
        }

    def describe(self) -> dict[str, Any]:
        """Main entity, files, jobs, the run as a whole, and what the crate says of itself."""
        workflow = self._workflow()
        files = {path: self._file(path) for path in sorted(self._recorded)}
        controls = [self._job(name, record, files) for name, record in self._records.items()]
        workflow["hasPart"] = list(self._tools.values())
        workflow["step"] = self._steps
        run = self._whole(workflow, files)
        self._engine(controls, run)
        self._root(run)
        return self._crate.metadata.generate()

    def _workflow(self) -> DataEntity:
        language = self._crate.add(get_lang(self._crate, "snakemake"))
        workflow = self._data(
            self._place(WORKFLOW),
            ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            name="Unrolled",
            programmingLanguage=language,
            softwareRequirements=self._libraries(),
            encodingFormat="text/plain",
            license=self._licence(),
            conformsTo={"@id": BIOSCHEMAS},
        )
        self._crate.mainEntity = workflow
        return workflow

    def _libraries(self) -> list[ContextEntity]:
        """Every library in every version that a job ran with."""
        used = {
            (name, version)
            for record in self._records.values()
            for name, version in {"python": record["python"], **record["versions"]}.items()
        }
        return [self._software(name, version) for name, version in sorted(used)]

    def _software(self, name: str, version: str) -> ContextEntity:
        return self._context(
            f"#library/{name}-{version}", "SoftwareApplication", name=name, softwareVersion=version
        )

    def _file(self, path: str) -> DataEntity:
        """One file with what was recorded of it."""
        recorded, node = self._recorded[path], self._report.nodes.get(path)
        source = (node.source if node else None) or {}
        return self._data(
            _content_name(recorded["sha256"]) if source else self._place(path),
            "File",
            name=path,
            sha256=recorded["sha256"],
            contentSize=str(recorded["bytes"]),
            encodingFormat=_format(path),
            description=source.get("title"),
            url=source.get("home"),
            license=source.get("licence"),
            citation=source.get("citation"),
        )

    def _job(
        self, name: str, record: Mapping[str, Any], files: Mapping[str, DataEntity]
    ) -> ContextEntity:
        """Step, run and orchestration of one job; the last of them."""
        tool, title = self._tool(record), _title(record)
        step = self._context(
            f"#step/{quote(name)}",
            "HowToStep",
            name=title,
            position=str(len(self._steps) + 1),
            workExample=tool,
        )
        self._steps.append(step)
        action = self._context(
            f"#run/{quote(name)}",
            "CreateAction",
            name=f"Run of {title}",
            instrument=tool,
            object=[
                *(files[each["path"]] for each in record["inputs"]),
                *(self._value(key, value) for key, value in _circumstances(record)),
            ],
            result=[files[each["path"]] for each in record["outputs"]],
            startTime=record["started"],
            endTime=_end(record),
            actionStatus="http://schema.org/CompletedActionStatus",
            resourceUsage=self._memory(name, record.get("peak_memory_bytes")),
        )
        return self._context(
            f"#control/{quote(name)}",
            "ControlAction",
            name=f"Orchestration of {title}",
            instrument=step,
            object=action,
        )

    def _tool(self, record: Mapping[str, Any]) -> DataEntity:
        """The script of a job. Its sum was not recorded: its code was, without comments."""
        script = next(name for name in record["code"] if name.startswith("scripts/"))
        self._tools[script] = self._data(
            self._place(script),
            ["File", "SoftwareSourceCode"],
            name=script,
            encodingFormat=_format(script),
            programmingLanguage=self._software("python", record["python"]),
        )
        return self._tools[script]

    def _value(self, name: str, value: Any) -> ContextEntity:
        """One setting; jobs that share it share the entity."""
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        return self._context(
            f"#value/{quote(name)}/{digest}", "PropertyValue", name=name, value=text
        )

    def _memory(self, job: str, size: int | None) -> ContextEntity | None:
        if not size:
            return None
        return self._context(
            f"#memory/{quote(job)}",
            "PropertyValue",
            name="peak memory",
            propertyID="peak_memory_bytes",
            value=str(size),
            unitText="byte",
        )

    def _whole(self, workflow: DataEntity, files: Mapping[str, DataEntity]) -> ContextEntity:
        """The run of the workflow: from what no job made to what somebody asked for."""
        made = {each["path"] for record in self._records.values() for each in record["outputs"]}
        return self._context(
            "#run",
            "CreateAction",
            name=f"Run of Unrolled at {self._scale} scale",
            instrument=workflow,
            object=[
                files[path]
                for path in files
                if path not in made or not path.startswith(f"{RESULTS}/")
            ],
            result=[files[path] for path in self._report.targets],
            **self._times(),
            actionStatus="http://schema.org/CompletedActionStatus",
        )

    def _engine(self, controls: list[ContextEntity], run: ContextEntity) -> None:
        versions = next(iter(self._records.values()))["versions"]
        self._context(
            "#engine",
            "OrganizeAction",
            name="Snakemake",
            instrument=self._software("snakemake", versions["snakemake"]),
            object=controls,
            result=run,
            **self._times(),
        )

    def _times(self) -> dict[str, str]:
        records = self._records.values()
        return {
            "startTime": min(record["started"] for record in records),
            "endTime": max(_end(record) for record in records),
        }

    def _root(self, run: ContextEntity) -> None:
        root, metadata = self._crate.root_dataset, self._crate.metadata
        folder = self._data(
            self._place(f"{RESULTS}/{self._scale}/{RECORDS}") + "/",
            "Dataset",
            name="records",
            description="A journal for each job with all of its runs, and the seals over them.",
        )
        root["name"] = f"Unrolled: results at {self._scale} scale"
        root["description"] = (
            "Figures of papers on recurrent networks, rebuilt from raw data, with the numbers "
            "behind them, the claims judged, and a record of every job."
        )
        root["datePublished"] = self._times()["endTime"]
        root["license"] = self._licence()
        root["conformsTo"] = [
            self._context(address, "CreativeWork", name=name, version=address.rsplit("/", 1)[1])
            for address, name in PROFILES.items()
        ]
        root["mentions"] = [run, folder]
        if papers := [self._paper(about) for about in self._papers()]:
            root["citation"] = papers if len(papers) > 1 else papers[0]
        metadata["conformsTo"] = [{"@id": metadata.profile}, {"@id": WORKFLOW_PROFILE}]
        metadata.extra_contexts.append(TERMS)

    def _papers(self) -> Iterable[Mapping[str, Any]]:
        """Whose claims were judged."""
        for path, node in sorted(self._report.nodes.items()):
            if node.kind == "claims" and (about := load_json(self._folder / path).get("about")):
                yield about

    def _paper(self, about: Mapping[str, Any]) -> ContextEntity:
        links = list(about["links"].values())
        return self._context(
            links[0] if links else f"#paper/{quote(about['title'])}",
            "ScholarlyArticle",
            name=about["title"],
            description=f"{about['authors']}. {about['published']}",
            url=links,
        )

    def _licence(self) -> ContextEntity:
        return self._context(LICENCE, "CreativeWork", name="MIT")

    def _place(self, path: str) -> str:
        """A path of the working folder as the crate's folder sees it."""
        return quote(posixpath.relpath(path, self._base), safe="/=,")

    def _data(self, place: str, kind: str | list[str], /, **properties: Any) -> DataEntity:
        return self._add(DataEntity, place, kind, properties)

    def _context(self, place: str, kind: str, /, **properties: Any) -> ContextEntity:
        return self._add(ContextEntity, place, kind, properties)

    def _add(
        self, entity: type, place: str, kind: str | list[str], properties: Mapping[str, Any]
    ) -> Any:
        """Say what is known of a thing, unless it was said before."""
        known = self._crate.get(place)
        if known is not None:
            return known
        added = self._crate.add(entity(self._crate, place, {"@type": kind}))
        for key, value in properties.items():
            if value:
                added[key] = value[0] if isinstance(value, list) and len(value) == 1 else value
        return added


def _jobs(report: Report) -> dict[str, dict[str, Any]]:
    """Latest record of each job by the name of its journal, each after those whose files it read.

    Clock times alone will not do: a job that was made to run again stands in the records after
    jobs that read its files.
    """
    records = {
        journal_path(node.record["rule"], node.record["wildcards"], "").stem: node.record
        for node in report.nodes.values()
        if node.record is not None
    }
    names = sorted(records, key=lambda name: (records[name]["started"], name))
    makers = {each["path"]: name for name in names for each in records[name]["outputs"]}
    read = {
        name: [makers[each["path"]] for each in records[name]["inputs"] if each["path"] in makers]
        for name in names
    }
    return {name: records[name] for name in TopologicalSorter(read).static_order()}


def _circumstances(record: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """What a job depended on beside files, by name."""
    yield from sorted(record["params"].items())
    yield "seed", record["seed"]
    yield from sorted(record["environment"].items())
    yield "processor", record["processor"]
    yield "system", record["system"]
    git = record["git"]
    if git["commit"]:
        yield "commit", git["commit"]
        yield "changes that were not committed", git["dirty"]


def _title(record: Mapping[str, Any]) -> str:
    wildcards = ", ".join(f"{name}={value}" for name, value in sorted(record["wildcards"].items()))
    return f"{record['rule']} ({wildcards})" if wildcards else record["rule"]


def _end(record: Mapping[str, Any]) -> str:
    start = datetime.fromisoformat(record["started"])
    return (start + timedelta(seconds=record["seconds"])).isoformat(timespec="milliseconds")


def _format(path: str) -> str:
    return _TYPES.guess_type(path)[0] or "application/octet-stream"


def _content_name(sha256: str) -> str:
    """Name of a file by its content (RFC 6920)."""
    digits = base64.urlsafe_b64encode(bytes.fromhex(sha256)).rstrip(b"=").decode()
    return f"ni:///sha-256;{digits}"
