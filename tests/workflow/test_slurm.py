"""Jobs on a real Slurm of one node, by profiles/slurm."""

from slurm_node import HERE, Job
from toy import Toy


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
