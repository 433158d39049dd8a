"""What the page shows of a run and cannot hold, because it differs between runs of equal bytes.

Three scripts lie beside the records: how long the jobs took (``run_times.js``) and what was made
from what (``lineage.js``), both written from the records at the end of a run, and in which state
an audit found the files (``audit.js``). They are scripts rather than JSON, because a page opened
from disk may load scripts but not data.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unrolled.record.lineage import lineage
from unrolled.record.outputs import partial_path
from unrolled.record.provenance import read_lines
from unrolled.record.report import Report
from unrolled.record.run_times import run_times
from unrolled.record.seals import journals

__all__ = ["latest_records", "write_run", "write_states"]

# What the page says of a job; a line without one of these is no record.
_NEEDED = {"rule", "wildcards", "started", "outputs", "inputs"}


def latest_records(folder: str | Path) -> list[dict[str, Any]]:
    """The last record of each job.

    A line that is no record (cut off by a kill) is passed over: the page is for looking, the
    audit is the one to complain.

    Parameters
    ----------
    folder : path-like
        ``<results>/record``, with a journal for each job.

    Returns
    -------
    list of dict
        In the order of the journals' names.
    """
    records = []
    for journal in journals(folder):
        whole = [line.record for line in read_lines(journal) if line.record is not None]
        records += [record for record in whole if record.keys() >= _NEEDED][-1:]
    return records


def write_run(folder: str | Path) -> None:
    """Write ``run_times.js`` and ``lineage.js`` next to the records that they are made from.

    An ``audit.js`` that says nothing is written where there was no audit yet.

    Parameters
    ----------
    folder : path-like
        ``<results>/record``; made if needed.
    """
    records = latest_records(folder)
    _write_script(Path(folder, "run_times.js"), "runTimes", run_times(records))
    _write_script(Path(folder, "lineage.js"), "lineage", lineage(records))
    if not Path(folder, "audit.js").exists():  # the page asks for it, and a browser would complain
        _write_script(Path(folder, "audit.js"), "audit", None)


def write_states(report: Report, folder: str | Path) -> None:
    """Write ``audit.js``: in which state the files of one scale were found just now.

    Parameters
    ----------
    report : Report
        Of all that `folder` holds, see `unrolled.record.audit`.
    folder : path-like
        ``results/<scale>``.
    """
    folder = Path(folder)
    mine = [path for path in report.targets if path.startswith(f"results/{folder.name}/")]
    nodes = {node.path: node for path in mine for node in report.lineage(path)}
    states = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "files": {
            path: {"verdict": node.verdict, "changes": [each.words for each in node.changes]}
            for path, node in sorted(nodes.items())
        },
    }
    _write_script(folder / "record" / "audit.js", "audit", states)


def _write_script(path: Path, name: str, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # "<" could end the script element if the text were ever put inside a page.
    text = json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")
    partial = Path(partial_path(path))
    partial.write_text(f"window.{name} = {text};\n", encoding="utf-8")
    partial.replace(path)
