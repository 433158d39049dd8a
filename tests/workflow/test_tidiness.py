"""Code and rules are laid out, typed and layered as agreed; what fails says what to run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

CODE = ["src", "scripts", "tests", "benchmarks"]
CHECKS = {
    "ruff_finds_nothing": ["ruff", "check", *CODE],
    "ruff_would_lay_out_nothing_anew": ["ruff", "format", "--check", *CODE],
    "snakefmt_would_lay_out_nothing_anew": ["snakefmt", "--check", "Snakefile", "workflow/rules"],
    "snakemake_finds_nothing_to_improve": ["snakemake", "--lint"],
    "types_agree": ["mypy"],
    "rooms_import_only_what_they_may": ["lint-imports"],
}


@pytest.mark.parametrize("check", CHECKS)
def test_that(check):
    command, *arguments = CHECKS[check]
    done = subprocess.run(
        [BIN / command, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "src", "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\nTry: make format, make lint"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--config", "scale=smoke"],
        ["--config", "scale=demo"],
        ["--config", "scale=paper"],
        ["--config", "scale=paper", "--profile", "profiles/gpu"],
        ["--config", "scale=paper", "--profile", "profiles/slurm"],
    ],
)
def test_every_scale_and_profile_can_be_planned(arguments, tmp_path):
    command = [sys.executable, "-m", "snakemake", "-n", "-s", REPOSITORY / "Snakefile", "-q", "all"]
    done = subprocess.run(
        [*command, "-d", tmp_path, "--cores", "1", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("profile", ["gpu", "slurm"])
def test_a_profile_gives_resources_to_rules_that_exist(profile):
    """Snakemake itself passes over a name that no rule has."""
    listed = subprocess.check_output(
        [sys.executable, "-m", "snakemake", "--list-rules"], cwd=REPOSITORY, text=True
    )
    text = (REPOSITORY / "profiles" / profile / "profile.yaml").read_text(encoding="utf-8")
    assert set(yaml.safe_load(text)["set-resources"]) <= set(listed.split())
