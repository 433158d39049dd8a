"""The populations that are planned have the size that is said; what goes wrong is told."""

import pytest
import yaml
from benchmarks.planning import KINDS, SIZES, TASKS, outputs, population, snakemake

from unrolled.settings import check_settings


@pytest.fixture
def config(request):
    return yaml.safe_load((request.config.rootpath / "config.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("networks", SIZES)
def test_a_population_is_as_large_as_its_case_says(networks, config):
    key, text = population(networks).split("=")
    config[key]["population"].update(yaml.safe_load(text)["population"])
    asked = check_settings(config)["universality"]["population"]
    kinds = len(asked["cells"]) * len(asked["nonlinearities"])
    assert (kinds, set(TASKS)) == (KINDS, set(config["universality"]["tasks"]))
    assert len(asked["units"]) == len(asked["penalties"]) == 1
    # Whole networks of each kind: a hundred are 96.
    assert kinds * sum(asked["networks"].values()) == pytest.approx(networks, rel=0.05)


def test_outputs_are_the_files_of_a_summary_alone():
    summary = (
        "Building DAG of jobs...\n"
        "output_file\tdate\trule\n"
        "results/paper/a.json\t-\tmetrics\n"
        "results/paper/models/b.safetensors\t-\ttrain\n"
    )
    assert outputs(summary) == ["results/paper/a.json", "results/paper/models/b.safetensors"]


def test_a_plan_that_fails_says_what_snakemake_said(tmp_path):
    with pytest.raises(RuntimeError, match=r"universality\.populatoin"):
        snakemake(tmp_path, ["universality={populatoin: {chunk: 10}}"], "--dry-run")
