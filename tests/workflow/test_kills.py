"""Whatever dies, and whenever: the same command goes on and ends in the same bytes."""

import fcntl
import hashlib
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from itertools import cycle
from pathlib import Path

import pytest
from tests.workflow.toy import REPOSITORY

from unrolled.record.audit import audit
from unrolled.record.outputs import digest

pytestmark = pytest.mark.faults("kills and power cuts")

COPIED = ("config.yaml", "envs", "profiles", "scripts", "src", "workflow")
SNAKEFILE = """
include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/line_attractor.smk"
include: "workflow/rules/universality.smk"
include: "workflow/rules/networks.smk"
FIGURES = {"universality": ["fig1"]}
include: "workflow/rules/atlas.smk"

rule slice:
    default_target: True
    input:
        "resources/raw.bin",
        "<results>/line_attractor/models/short_gru_0.safetensors",
        "<results>/index.html",
"""
RAW = b"raw" * 1000
# A slice of the smoke scale through every stage: one task, two kinds of networks, one figure.
EDITS = {
    "workflow/rules/universality.smk": (
        'comparisons=expand("<results>/universality/analysis/{task}.nc", task=UN_TASKS)',
        'comparisons=["<results>/universality/analysis/memory.nc"]',
    ),
    "workflow/rules/atlas.smk": ('"|".join(FIGURES)', '"universality|line_attractor"'),
    "workflow/scales/smoke.yaml": ("memory: {steps: 50, ", "memory: {steps: 150, "),
    # A checkpoint after each step, so that moments of training lie between two of them.
    "src/unrolled/training/checkpoint.py": ("SECONDS_BETWEEN = 60.0", "SECONDS_BETWEEN = 0.0"),
}
SOURCE = f"""
raw:
  title: A file
  corpora: []
  file: raw.bin
  sha256: {hashlib.sha256(RAW).hexdigest()}
  bytes: {len(RAW)}
  fetch: {{kind: http, urls: [http://127.0.0.1:9/]}}
  home: https://example.org
  licence: CC0
  citation: nobody
"""

# Kills of jobs alone, most of them cheap to run again, and of the run alone.
ALONE = {"fetch": 8, "corpus": 4, "train": 3, "dynamics": 2, "comparison": 1, "metrics": 2}
ALONE |= {"fig1": 3, "claims": 9, "page": 9, "run": 4}
# Jobs that kill the run, or all at once.
TOGETHER = ["corpus", "train", "dynamics", "comparison", "metrics", "fig1", "claims", "page"]
SIGNALS = ("SIGKILL", "SIGTERM")


class Checkout:
    """The slice, a working folder for it, and Snakemake there."""

    def __init__(self, root: Path, folder: Path, kills: Path) -> None:
        self.root, self.folder, self.kills = root, folder, kills
        (kills / "taken").mkdir(parents=True)
        folder.joinpath(".snakemake").mkdir(parents=True)
        folder.joinpath("resources", "downloads").mkdir(parents=True)
        folder.joinpath("resources", "downloads", "raw.bin").write_bytes(RAW)

    def run(self) -> tuple[int, str]:
        """Give the one command; come back when nobody of it lives."""
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(self.root / "Snakefile")]
        command += ["--directory", str(self.folder), "--config", "scale=smoke"]
        path = [str(Path(__file__).with_name("kills_itself")), str(REPOSITORY)]
        outer = ("UNROLLED_", "SNAKEMAKE_", "PYTHON", "KILLS")
        done = subprocess.run(
            [*command, "--cores", "2", "--retries", "9"],
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(outer)},
                "KILLS": str(self.kills),
                "PYTHONPATH": os.pathsep.join(path),
                "PYTHONDONTWRITEBYTECODE": "1",  # moments of writing it would come only once
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            check=False,
        )
        with open(self.folder / ".snakemake" / "alive", "a") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)
        return done.returncode, done.stdout

    def contents(self) -> dict[str, str]:
        """Sha256 of all that was made, without the records, which hold clock times."""
        made = [*self.folder.glob("results/**/*"), *self.folder.glob("resources/**/*")]
        return {
            str(path.relative_to(self.folder)): digest(path)[0]
            for path in made
            if path.is_file() and "record" not in path.parts
        }

    def lines(self, name: str) -> list[list[str]]:
        """What the dying wrote down."""
        path = self.kills / name
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A checkout of the slice."""
    root = tmp_path_factory.mktemp("kills") / "checkout"
    for name in COPIED:
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy2
        root.mkdir(exist_ok=True)
        copy(REPOSITORY / name, root / name)
    for name, (before, after) in EDITS.items():
        text = (root / name).read_text(encoding="utf-8")
        assert before in text, f"{name} does not hold {before!r}"
        (root / name).write_text(text.replace(before, after), encoding="utf-8")
    with (root / "workflow" / "sources.yaml").open("a", encoding="utf-8") as file:
        file.write(SOURCE)
    (root / "Snakefile").write_text(SNAKEFILE)
    return root


@pytest.fixture(scope="module")
def undisturbed(root):
    """A run that nobody disturbs, which counts its moments."""
    checkout = Checkout(root, root.parent / "undisturbed", root.parent / "counts")
    status, said = checkout.run()
    assert status == 0, said
    return checkout


@pytest.fixture(scope="module")
def killed(root, undisturbed):
    """The same command, given again and again while it and its jobs are being killed."""
    checkout = Checkout(root, root.parent / "killed", root.parent / "kills")
    _plan(checkout.kills, undisturbed.lines("counts"))
    for _ in range(60):
        status, said = checkout.run()
        assert "Traceback" not in said, said
        if status == 0:
            shutil.rmtree(checkout.kills / "plan")
            return checkout
    pytest.fail(f"it still says:\n{said[-3000:]}")


def _plan(folder: Path, counts: list[list[str]]) -> None:
    """Write down kills at moments drawn from all that a job had, and from its changes of files."""
    rng = random.Random(0)
    kills = [(role, "itself") for role, n in ALONE.items() for _ in range(n)]
    kills += zip(TOGETHER, cycle(["run", "run", "all", "all"]), strict=False)
    kills += [("run", "all")] * 2
    signed = list(zip(kills, cycle(SIGNALS), strict=False))
    rng.shuffle(signed)
    for number, ((role, who), name) in enumerate(signed):
        what = rng.choice(["event", "change"])
        counted = [own[1 + (what == "change")] for own in counts if own[0] == role]
        last = min(map(int, counted))
        # Of all events, the first third is Python's own start.
        at = rng.randint(1 if what == "change" else last // 3, last)
        place = folder / "plan" / role
        place.mkdir(parents=True, exist_ok=True)
        # A run that is killed waits for its jobs, so that these need not run again: that is last.
        first = int(who != "itself")
        (place / f"{first}-{number:03d}").write_text(f"{what} {at} {name} {who}")


@pytest.mark.parametrize("who", ["itself", "run", "all"])
@pytest.mark.parametrize("name", SIGNALS)
def test_kills_came(killed, name, who):
    """SIGKILL or SIGTERM to a job, to the run or to all at once, at any moment of any stage"""
    came = Counter((signal, who) for _, signal, who in killed.lines("done"))
    assert came[name, who] > 0
    assert came.total() >= 50
    assert {role for role, *_ in killed.lines("done")} == set(ALONE)


def test_the_bytes_are_those_of_an_undisturbed_run(killed, undisturbed):
    """Kills at more than fifty moments, in chains, of one and the same command"""
    assert killed.contents() == undisturbed.contents()
    assert "results/smoke/index.html" in killed.contents()
    assert not list(killed.folder.glob("*/**/.partial.*"))
    assert not [
        *killed.folder.glob(".snakemake/locks/*"),
        *killed.folder.glob(".snakemake/scripts/*"),
    ]


def test_the_audit_finds_a_killed_run_intact(killed, root):
    """Records and seals of runs that were killed"""
    report = audit([killed.folder], root)
    assert {path: node.verdict for path, node in report.nodes.items() if node.changes} == {}
    assert len(report.targets) > 10


def test_nothing_is_left_to_do(killed):
    """The command once more, when all is done"""
    status, said = killed.run()
    assert status == 0
    assert "Nothing to be done" in said
