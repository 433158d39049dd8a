"""The rule that fetches raw files goes on after a kill and leaves on record what it did."""

import io
import shutil
import time
from pathlib import Path

import pytest
from rich.console import Console
from tests.data.archives_for_tests import sha256
from tests.data.server_for_tests import Server, gives, stalls
from tests.workflow.toy import REPOSITORY, Toy, kill

from unrolled.commands.audit import describe
from unrolled.record.audit import audit

pytestmark = pytest.mark.faults("downloads")

CONTENT = bytes(range(256)) * 1000
SNAKEFILE = """
configfile: f"{workflow.basedir}/config.yaml"
include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
"""


def test_killed_fetch(tmp_path):
    """SIGKILL while a raw file is being fetched."""
    server = Server()
    toy = Toy.make(tmp_path / "toy")
    for name in ("src/unrolled/data", "src/unrolled/tasks", "scripts/data"):
        shutil.copytree(REPOSITORY / name, toy.root / name)
    for name in ("workflow/rules/data.smk", "envs/python.yaml"):
        shutil.copy(REPOSITORY / name, toy.root / name)
    toy.write("Snakefile", SNAKEFILE)
    toy.write(
        "workflow/sources.yaml",
        f"""
        raw:
          file: raw.bin
          sha256: {sha256(CONTENT)}
          bytes: {len(CONTENT)}
          home: https://example.org
          licence: CC0
          fetch: {{kind: http, urls: [{server.address("a")}]}}
        """,
    )
    server.script(a=[gives(CONTENT, first=200_000, then=stalls)])
    run = toy.start("resources/raw.bin")
    deadline = time.monotonic() + 60
    while sum(path.stat().st_size for path in toy.root.glob("resources/downloads/*")) < 200_000:
        assert run.poll() is None, run.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    kill(run)

    server.script(a=[gives(CONTENT)])
    toy.build("resources/raw.bin")
    raw = Path(toy.root, "resources/raw.bin")
    assert raw.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={200_000 - (1 << 16)}-"]
    server.close()

    report = audit([raw], toy.root)
    assert report.verdict == "intact"
    assert report.nodes["resources/raw.bin"].record["notes"] == {
        "from": server.address("a"),
        "tries": 1,
    }
    shown = io.StringIO()
    console = Console(file=shown, width=300)
    for part in describe(report):
        console.print(part)
    assert f"from {server.address('a')}, tries 1, at 20" in shown.getvalue()
