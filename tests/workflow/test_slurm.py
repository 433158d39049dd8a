"""The workflow on a real Slurm of one node, by profiles/slurm."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from slurm_node import Job, SlurmNode, missing_packages
from test_smoke import ROOT, build, contents
from toy import Toy

# There is no accounting database to ask, and no reason to ask as seldom as on a cluster.
HERE = ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3"]
# From documents over training to fixed points and the figure: every kind of job, in one line.
FIGURE = "contextual_sentiment_fig2"


@pytest.fixture(scope="module")
def node():
    lacking = missing_packages()
    if lacking:
        pytest.skip(f"Slurm is not installed: apt-get install {' '.join(lacking)}")
    with SlurmNode() as node:
        yield node


@pytest.fixture
def slurm(node, monkeypatch):
    """The node, found by every command of a test."""
    for name, value in node.environment.items():
        monkeypatch.setenv(name, value)
    return node


def test_jobs_ask_for_what_the_profile_says_and_twice_as_much_when_tried_again(slurm, tmp_path):
    toy = Toy.make(tmp_path / "toy")
    toy.edit(
        "scripts/toy/other.py",
        "with run_step",
        """from pathlib import Path
if Path("unlucky").exists():
    Path("unlucky").unlink()
    raise SystemExit(1)

with run_step""",
    )
    local = toy.copy(tmp_path / "local")
    toy.write("unlucky", "")

    toy.build("--profile", "profiles/slurm", *HERE)
    first, second = ("4000M", "1:00:00"), ("8000M", "2:00:00")
    assert sorted(slurm.jobs()) == [
        Job("rule_first", "COMPLETED", *first),
        Job("rule_other", "COMPLETED", *second),
        Job("rule_other", "FAILED", *first),
        Job("rule_second_wildcards_x", "COMPLETED", *first),
    ]
    assert toy.planned() == set(), "what Slurm made is stale for a run without it"

    local.build()
    for name in ("first", "second_x", "other"):
        result = f"results/demo/toy/{name}.json"
        assert toy.read(result) == local.read(result)


def test_a_figure_has_the_same_bytes_as_without_slurm(slurm, tmp_path):
    earlier = len(slurm.jobs())
    remote, local = tmp_path / "remote", tmp_path / "local"
    profile = ["--profile", str(ROOT / "profiles/slurm"), *HERE]
    with ThreadPoolExecutor() as both:  # one job after another: there is a core for each
        runs = [
            both.submit(build, remote, 1, FIGURE, *profile),
            both.submit(build, local, 1, FIGURE),
        ]
    for run in runs:
        assert run.result().returncode == 0, run.result().stderr[-4000:]

    made = contents(local)
    assert "smoke/contextual_sentiment/figures/fig2.pdf" in made
    assert contents(remote) == made
    assert [(job.comment, job.state) for job in slurm.jobs()[earlier:]] == [
        ("rule_corpus_wildcards_toy", "COMPLETED"),
        ("rule_contextual_sentiment_train_toy", "COMPLETED"),
        ("rule_contextual_sentiment_toy", "COMPLETED"),
        (f"rule_{FIGURE}", "COMPLETED"),
    ]
    records = [
        sorted(path.name for path in folder.glob("results/smoke/record/*.jsonl"))
        for folder in (remote, local)
    ]
    assert len(records[0]) == 4
    assert records[0] == records[1]
