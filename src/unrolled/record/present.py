"""What the workflow would do now for jobs that are on record: their code, settings and inputs.

Only Snakemake can say so, for settings reach a job through the rules. It reads the Snakefile
in a process and a folder of its own, so that nothing is written where results are, and fills in
each rule for the recorded wildcards. No job is planned or run.

Snakemake's own names for this (``get_rule``, ``expand_input``, ``expand_params``) are not part of
its public interface; they are used here and nowhere else, and the lock pins the version.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unrolled.record.lock import locked_versions
from unrolled.record.provenance import known_path
from unrolled.record.step import code_lines, named

_REQUEST, _ANSWER = "request.json", "answer.json"


def present_jobs(
    jobs: Sequence[tuple[str, dict[str, str]]], *, scale: str, root: str | Path
) -> dict[str, Any]:
    """What the workflow says now of jobs that ran once.

    Parameters
    ----------
    jobs : sequence of (str, dict)
        Rule and wildcards.
    scale : str
        Of the settings.
    root : path
        Folder of the Snakefile.

    Returns
    -------
    dict
        ``versions`` of the locked libraries and ``jobs``: for each, in order, ``code`` (as
        `code_of` returns it), ``params`` and ``inputs``; or ``gone``, why there is no such job.

    Raises
    ------
    ValueError
        If Snakemake cannot read the workflow.
    """
    root = Path(root).resolve()
    packages = filter(None, [str(root / "src"), os.environ.get("PYTHONPATH")])
    with tempfile.TemporaryDirectory() as folder:
        request = {"jobs": jobs, "scale": scale, "root": str(root)}
        Path(folder, _REQUEST).write_text(json.dumps(request), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "unrolled.record.present"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(packages)},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ValueError(
                f"Snakemake cannot read {root / 'Snakefile'}, so that recorded settings and code "
                f"cannot be compared with today's. It says:\n{done.stderr.strip()[-2000:]}"
            )
        return json.loads(Path(folder, _ANSWER).read_text(encoding="utf-8"))


def _answer() -> None:
    """Read the request of this folder, write the answer beside it."""
    gc.disable()  # a short life with many syntax trees, none of them rubbish
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings

    request = json.loads(Path(_REQUEST).read_text(encoding="utf-8"))
    root = Path(request["root"])
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            ResourceSettings(),
            config_settings=ConfigSettings(config={"scale": request["scale"]}),
            snakefile=root / "Snakefile",
        )._workflow
        jobs = [_job(workflow, rule, wildcards, root) for rule, wildcards in request["jobs"]]
    answer = {"jobs": jobs, "versions": locked_versions(root)}
    Path(_ANSWER).write_text(json.dumps(answer, default=str), encoding="utf-8")


def _job(workflow: Any, name: str, wildcards: dict[str, str], root: Path) -> dict[str, Any]:
    """One rule with its wildcards filled in."""
    from snakemake.exceptions import UnknownRuleException, WorkflowError
    from snakemake.iocontainers import Wildcards

    values = Wildcards(fromdict=wildcards)
    try:
        rule = workflow.get_rule(name)
        inputs, outputs = rule.expand_input(values)[0], rule.expand_output(values)[0]
        params = rule.expand_params(values, inputs, outputs, None)[0]
    except UnknownRuleException:
        return {"gone": f"there is no rule {name}"}
    except WorkflowError as error:  # a corpus, say, that the settings no longer have
        return {"gone": next((line.strip() for line in str(error).splitlines()[2:]), str(error))}
    return {
        "code": code_lines(params),
        "params": named(params),
        "inputs": [known_path(path, root) for path in inputs],
    }


if __name__ == "__main__":
    _answer()
