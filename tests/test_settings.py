"""Settings are checked before anything runs, and a fault is told with its key, place and cure."""

import copy
import json
from pathlib import Path

import pytest
import yaml

from unrolled.settings import (
    Settings,
    SettingsError,
    check_scale,
    check_settings,
    json_schema,
    recipe_for,
    refuse_settings_in_profiles,
    write_schema,
)

REPOSITORY = Path(__file__).parents[1]
BASE = REPOSITORY / "config.yaml"
LINE = "line_attractor"
CONTEXT = "contextual_sentiment"
UNIVERSAL = "universality"


@pytest.fixture
def config():
    return yaml.safe_load(BASE.read_text())


def changed(config, path, value):
    """A copy with one setting changed; the path has dots."""
    config = copy.deepcopy(config)
    inside = config
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parents:
        inside = inside[part]
    inside[last] = value
    return config


def merged(base, overlay):
    """As Snakemake lays one file over another."""
    result = dict(base)
    for key, value in overlay.items():
        nested = isinstance(value, dict) and isinstance(base.get(key), dict)
        result[key] = merged(base[key], value) if nested else value
    return result


def test_the_demo_scale_is_valid_and_stays_as_it_is_written(config):
    assert check_settings(config) == config


@pytest.mark.parametrize("scale", ["smoke", "paper"])
def test_each_overlay_is_valid_and_says_its_scale_first(config, scale):
    text = (REPOSITORY / "workflow" / "scales" / f"{scale}.yaml").read_text()
    overlay = yaml.safe_load(text)
    assert next(iter(overlay)) == "scale"
    settings = check_settings(merged(config, overlay))
    assert check_scale(settings) == scale


def test_the_paper_scale_trains_on_the_papers_documents_only(config):
    overlay = yaml.safe_load((REPOSITORY / "workflow/scales/paper.yaml").read_text())
    networks = check_settings(merged(config, overlay))[LINE]["population"]["networks"]
    assert {name: n for name, n in networks.items() if n} == {"imdb": 8, "sst": 8, "yelp": 8}


def test_an_exception_for_corpus_and_cell_outweighs_one_for_the_corpus(config):
    changes = {"long": {"epochs": 7, "clip": 1.0}, "long_gru": {"epochs": 9}}
    training = check_settings(changed(config, f"{LINE}.training.exceptions", changes))[LINE][
        "training"
    ]
    common = {"kind": "generated", "corpus": "long"}
    assert recipe_for(training, cell="gru", **common) == training["generated"] | {
        "epochs": 9,
        "clip": 1.0,
    }
    assert recipe_for(training, cell="lstm", **common)["epochs"] == 7
    plain = recipe_for(training, "generated", corpus="plain", cell="gru")
    assert plain == training["generated"]


@pytest.mark.parametrize(
    ("path", "given", "meant"),
    [
        (f"{LINE}.network.units", "64", [64]),
        (f"{LINE}.network.units", ["64", "128"], [64, 128]),
        (f"{LINE}.network.embedding", "1e2", 100),
        (f"{LINE}.dynamics.ridge", "1e-3", 0.001),
        (f"{LINE}.training.documents.learning_rate", "1e-3", [0.001]),
        (f"{UNIVERSAL}.population.units", "32", [32]),
        (f"{UNIVERSAL}.population.penalties", ["1e-5", "0"], [1e-5, 0.0]),
        (f"{UNIVERSAL}.training.memory.learning_rate", "1e-3", 0.001),
        ("corpora.film.limit", "null", None),
        ("corpora.film.limit", "400", 400),
        ("seed", "3", 3),
    ],
)
def test_text_from_the_command_line_becomes_a_number(config, path, given, meant):
    inside = check_settings(changed(config, path, given))
    for part in path.split("."):
        inside = inside[part]
    assert inside == meant
    assert type(inside) is type(meant)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (f"{LINE}.network.unit", 3, [f"{LINE}.network.unit", "did you mean 'units'?"]),
        ("line_atractor", {}, ["line_atractor", "did you mean 'line_attractor'?"]),
        ("corpora.film.minimum_ratin", 3, ["corpora.film.minimum_ratin", "'minimum_rating'?"]),
        ("corpora.long.documents.trains", 3, ["documents.trains", "did you mean 'train'?"]),
        ("corpora.film.kind", "films", ["corpora.film.kind", "did you mean 'film'?", "yelp"]),
        ("corpora.film.tokeniser", "word", ["corpora.film.tokeniser", "'words'?"]),
        ("corpora.film.longest", 0, ["corpora.film.longest", "is 0", "greater than or equal to 1"]),
        ("corpora.film.longest", 5.5, ["corpora.film.longest", "5.5", "integer"]),
        ("corpora.film.test", 0.95, ["corpora.film.test", "leave nothing to train on"]),
        ("corpora.a-b", {"kind": "foods"}, ["corpora.a-b", "pattern"]),
        ("corpora.long.length", [5, 3], ["corpora.long.length", "longer than the longest (3)"]),
        ("corpora.long.length", [5], ["corpora.long.length", "at least 2 items"]),
        ("corpora.long.modifier_share", 0.5, ["corpora.long.valence_share", "more than 1"]),
        (f"{LINE}.network.units", True, [f"{LINE}.network.units", "not true or false"]),
        (f"{LINE}.dynamics.ridge", False, [f"{LINE}.dynamics.ridge", "not true or false"]),
        (f"{LINE}.dynamics.ridge", float("nan"), [f"{LINE}.dynamics.ridge", "finite"]),
        (f"{LINE}.dynamics.starts", "many", [f"{LINE}.dynamics.starts", "'many'", "integer"]),
        (f"{LINE}.dynamics", 3, [f"{LINE}.dynamics", "block of settings", "exact_starts"]),
        (f"{LINE}.training.documents.epochs", [], [f"{LINE}.training.documents.epochs"]),
        (f"{LINE}.network.units", [], [f"{LINE}.network.units", "at least 1 item"]),
        (f"{LINE}.training.exceptions.food", {}, ["exceptions.food", "corpus_cell", "foods"]),
        (f"{LINE}.training.exceptions.film_elman", {}, ["exceptions.film_elman", "vanilla"]),
        (f"{LINE}.training.exceptions.foods", {"epoch": 3}, ["foods.epoch", "'epochs'?"]),
        (f"{LINE}.population.cells.0", "vanila", ["cells.0", "did you mean 'vanilla'?"]),
        (f"{LINE}.population.networks.plan", 2, ["networks.plan", "no corpus 'plan'", "plain"]),
        (f"{LINE}.population.analysed.flim", 1, ["analysed.flim", "no networks of 'flim'"]),
        (f"{LINE}.population.analysed.film", 4, ["analysed.film", "4 are to be", "is 3"]),
        (f"{LINE}.population.networks.film", 0, ["figures.headline", "trained on 'film'"]),
        (f"{LINE}.population.cells", ["gru"], ["figures.headline", "no network has the cell"]),
        (f"{LINE}.figures.pairs.1", ["foods", "elman"], ["figures.pairs.1", "'elman'"]),
        (f"{LINE}.figures.headline", ["film"], ["figures.headline", "at least 2 items"]),
        (f"{CONTEXT}.toy.corpus", "ctx", ["toy.corpus", "of the kind toy", "There are: toy"]),
        (
            f"{CONTEXT}.population.networks",
            {"film": ["gru"]},
            ["networks.film", "generated", "ctx"],
        ),
        (f"{CONTEXT}.population.written", ["imdb"], ["written.0", "trains no GRU on 'imdb'"]),
        (f"{CONTEXT}.dynamics.modifiers", {"ctx": 12}, ["modifiers", "nothing about 'ctx_nopos'"]),
        (f"{CONTEXT}.dynamics.lags", 16, ["dynamics.lags", "only 15 follow a modifier"]),
        (f"{CONTEXT}.toy.training.schedule", "cosin", ["schedule", "did you mean 'cosine'?"]),
        (f"{UNIVERSAL}.tasks.sin", {}, ["tasks.sin", "did you mean 'sine'?"]),
        (f"{UNIVERSAL}.tasks.sine.cues", 3, ["sine.cues", "is 3", "greater than or equal to 4"]),
        (f"{UNIVERSAL}.tasks.sine.slowest", 0.6, ["sine.fastest", "above slowest (0.6)"]),
        (f"{UNIVERSAL}.tasks.sine.fastest", 3.2, ["sine.fastest", "3.2 rad/step", "below pi"]),
        (f"{UNIVERSAL}.tasks.memory.pulse_probability", 1.5, ["pulse_probability", "equal to 1"]),
        (f"{UNIVERSAL}.tasks.integration.noise", -1, ["integration.noise", "equal to 0"]),
        (f"{UNIVERSAL}.population.cells", ["gru"], ["population.cells", "at least 2 items"]),
        (f"{UNIVERSAL}.population.cells.1", "urgnn", ["cells.1", "did you mean 'ugrnn'?"]),
        (f"{UNIVERSAL}.population.nonlinearities.0", "tan", ["nonlinearities.0", "'tanh'?"]),
        (f"{UNIVERSAL}.population.penalties", [-1.0], ["penalties", "greater than or equal to 0"]),
        (f"{UNIVERSAL}.population.networks.sine", 0, ["networks.sine", "equal to 1"]),
        (f"{UNIVERSAL}.population.controls", 4, ["population.controls", "only 3"]),
        (f"{UNIVERSAL}.population.side_by_side", 0, ["side_by_side", "equal to 1"]),
        (f"{UNIVERSAL}.training.sine.clip", 0.0, ["training.sine.clip", "greater than 0"]),
        (f"{UNIVERSAL}.dynamics.levels", 7, ["dynamics.levels", "greater than or equal to 8"]),
        (f"{UNIVERSAL}.comparison.variances", [0.9, 0.95], ["variances", "at least 3 items"]),
        (f"{UNIVERSAL}.figures.member", 3, ["figures.member", "only 3"]),
        (f"{UNIVERSAL}.figures.trial", 8, ["figures.trial", "only 8"]),
        ("seed", -1, ["seed", "greater than or equal to 0"]),
    ],
)
def test_a_fault_is_told_with_its_key_and_what_would_be_valid(config, path, value, words):
    with pytest.raises(SettingsError) as caught:
        check_settings(changed(config, path, value), files=[BASE])
    for word in words:
        assert word in str(caught.value)


def test_a_trial_is_shown_only_if_it_is_kept(config):
    few = changed(config, f"{UNIVERSAL}.evaluation.trials", 4)
    assert check_settings(changed(few, f"{UNIVERSAL}.figures.trial", 3))
    with pytest.raises(SettingsError, match=r"figures\.trial.*only 4 to choose from"):
        check_settings(changed(few, f"{UNIVERSAL}.figures.trial", 4))


def test_a_modifier_may_act_on_the_last_word_of_a_background(config):
    longest = changed(config, f"{CONTEXT}.dynamics.lags", 15)
    assert check_settings(longest)
    with pytest.raises(SettingsError, match=r"dynamics\.lags.*only 11 follow"):
        check_settings(changed(longest, f"{CONTEXT}.dynamics.background_length", 18))


def test_a_member_is_shown_only_if_every_task_has_it(config):
    more = changed(
        config, f"{UNIVERSAL}.population.networks", {"memory": 9, "sine": 2, "integration": 9}
    )
    assert check_settings(changed(more, f"{UNIVERSAL}.figures.member", 1))
    with pytest.raises(SettingsError, match=r"figures\.member.*only 2"):
        check_settings(changed(more, f"{UNIVERSAL}.figures.member", 2))


def test_a_missing_setting_is_named(config):
    del config[LINE]["dynamics"]["ridge"], config["corpora"]["film"]["kind"]
    with pytest.raises(SettingsError) as caught:
        check_settings(config)
    assert "line_attractor.dynamics.ridge is missing" in str(caught.value)
    assert "corpora.film.kind is missing" in str(caught.value)


def test_all_networks_at_zero_leave_nothing_to_train(config):
    networks = config[LINE]["population"]["networks"]
    networks.update(dict.fromkeys(networks, 0))
    with pytest.raises(SettingsError, match="nothing to train"):
        check_settings(config)


def test_a_fault_is_told_with_its_file_and_line(config, tmp_path):
    overlay = tmp_path / "smoke.yaml"
    overlay.write_text("scale: smoke\nline_attractor:\n  dynamics:\n    start: 3\n")
    with pytest.raises(SettingsError, match=r"dynamics\.start \(smoke\.yaml, line 4\)"):
        check_settings(merged(config, yaml.safe_load(overlay.read_text())), files=[BASE, overlay])


def test_a_fault_that_stands_in_no_file_came_from_the_command_line(config):
    with pytest.raises(SettingsError, match=r"seed \(on the command line\) is 'x'"):
        check_settings(changed(config, "seed", "x"), files=[BASE])


def test_every_fault_is_listed(config):
    config = changed(changed(config, "seed", "x"), f"{LINE}.network.unit", 1)
    with pytest.raises(SettingsError, match=r"(?s)seed.*network\.unit|network\.unit.*seed"):
        check_settings(config)


@pytest.mark.parametrize("scale", ["dmo", None, 3])
def test_a_scale_that_does_not_exist_is_refused(scale):
    with pytest.raises(SettingsError, match="smoke, demo, paper"):
        check_scale({"scale": scale})


def test_a_settings_file_of_another_scale_is_refused():
    paper = REPOSITORY / "workflow/scales/paper.yaml"
    assert check_scale({"scale": "paper"}, files=[paper]) == "paper"
    with pytest.raises(SettingsError, match=r"holds the scale paper.*scale demo"):
        check_scale({"scale": "demo"}, files=[paper])


@pytest.mark.parametrize("option", ["--profile", "--workflow-profile"])
def test_a_profile_with_settings_is_refused(tmp_path, option):
    (tmp_path / "profile.yaml").write_text("config: [scale=paper]\n")
    for arguments in ([option, str(tmp_path)], [f"{option}={tmp_path}"]):
        with pytest.raises(SettingsError, match=r"profile\.yaml sets config.*resources only"):
            refuse_settings_in_profiles(arguments, {})
    with pytest.raises(SettingsError, match="resources only"):
        refuse_settings_in_profiles([], {"SNAKEMAKE_PROFILE": str(tmp_path)})


@pytest.mark.parametrize("profile", ["default", "gpu", "slurm"])
def test_our_own_profiles_hold_no_settings(profile):
    folder = REPOSITORY / "profiles" / profile
    assert (folder / "profile.yaml").is_file()
    refuse_settings_in_profiles(["--profile", str(folder)], {}, root=REPOSITORY)


def test_the_schema_in_the_repository_is_the_models(tmp_path):
    write_schema(tmp_path / "schema.json")
    kept = REPOSITORY / "workflow/schemas/config.schema.json"
    assert kept.read_text() == (tmp_path / "schema.json").read_text(), "run: make format"


def test_every_setting_is_described():
    schema = json_schema()
    blocks = {"Settings": schema, **schema["$defs"]}
    lacking = [
        f"{block}.{name}"
        for block, content in blocks.items()
        for name, field in content.get("properties", {}).items()
        # a description equal to the block's own is left to the block
        if not field.get(
            "description", blocks.get(field.get("$ref", "")[8:], {}).get("description")
        )
    ]
    assert lacking == []
    assert set(json.loads(json.dumps(schema))["properties"]) == set(Settings.model_fields)
