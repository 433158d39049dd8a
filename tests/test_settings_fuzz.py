"""Whatever stands in config.yaml ends in settings or in a message that names the key."""

import copy
import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from unrolled.settings import SettingsError, check_file, check_scale, check_settings, json_schema

pytestmark = pytest.mark.faults("settings")

REPOSITORY = Path(__file__).parents[1]
CONFIG = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
WHOLE = (REPOSITORY / "workflow" / "scales" / "smoke.yaml").read_bytes()
SCHEMA = json_schema()
# From the same seed each time; no file remembers the last failure.
thorough = settings(
    max_examples=1000,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def by_schema(schema):
    """Values that a JSON schema allows, though its blocks may contradict each other."""
    if "$ref" in schema:
        return by_schema(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return st.one_of(*map(by_schema, schema[key]))
    return KINDS[schema["type"]](schema)


def integers(schema):
    return st.integers(schema.get("minimum"), schema.get("maximum"))


def numbers(schema):
    low, high = (schema.get(name, schema.get(f"exclusiveM{name[1:]}")) for name in BOUNDS)
    return st.floats(
        low,
        high,
        exclude_min="exclusiveMinimum" in schema,
        exclude_max="exclusiveMaximum" in schema,
        allow_nan=False,
        allow_infinity=False,
    )


def arrays(schema):
    least = schema.get("minItems", 0)
    return st.lists(
        by_schema(schema["items"]), min_size=least, max_size=schema.get("maxItems", least + 2)
    )


def entries(schema):
    """Schema of what stands under names that a person chooses."""
    return (
        next(iter(schema.get("patternProperties", {}).values()), None)
        or schema["additionalProperties"]
    )


def blocks(schema):
    if "properties" in schema:
        return st.fixed_dictionaries(
            {name: by_schema(inner) for name, inner in schema["properties"].items()}
        )
    names = st.sampled_from([*CONFIG["corpora"], "ctx_gru", "nobody"])
    return st.dictionaries(names, by_schema(entries(schema)), max_size=3)


BOUNDS = ("minimum", "maximum")
KINDS = {
    "integer": integers,
    "number": numbers,
    "array": arrays,
    "object": blocks,
    "string": lambda schema: st.sampled_from([*CONFIG["corpora"], "gru"]),
    "boolean": lambda schema: st.booleans(),
    "null": lambda schema: st.none(),
}
# Whatever YAML and the command line can bring, and some of what they cannot.
names = st.one_of(
    st.text(st.characters(), max_size=6),
    st.sampled_from(["film", "kind", "1.2", "units", "[key]", "a.b", "générated"]),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**400), 1e308, "1e-3", "1e400", "nan", "64", "٣"]),
    st.floats(),
    st.dates(),
    st.binary(max_size=4),
    names,
)
junk = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.one_of(names, scalars), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(inside, schema, place=()):
    """Every place of the settings, with the schema of what stands there."""
    yield place, schema
    schema = _resolved(schema, inside)
    if isinstance(inside, dict):
        for key, value in inside.items():
            inner = schema.get("properties", {}).get(key) or entries(schema)
            yield from places(value, inner, (*place, key))
    elif isinstance(inside, list):
        for number, value in enumerate(inside):
            yield from places(value, schema.get("items", {}), (*place, number))


def _resolved(schema, value):
    if "$ref" in schema:
        return SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if "discriminator" in schema:
        reference = schema["discriminator"]["mapping"][value["kind"]]
        return SCHEMA["$defs"][reference.rpartition("/")[2]]
    return schema


PLACES = list(places(CONFIG, SCHEMA))


@st.composite
def changed(draw):
    """The demo settings with one to three changes: taken out, put in, replaced, as text."""
    config = copy.deepcopy(CONFIG)
    for _ in range(draw(st.integers(1, 3))):
        place, schema = draw(st.sampled_from(PLACES[1:]))
        *parents, last = place
        inside = config
        try:
            for part in parents:
                inside = inside[part]
            old = inside[last]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has taken it away
        if not isinstance(inside, dict | list):
            continue
        what = draw(st.sampled_from(["valid", "valid", "junk", "text", "out", "in", "in"]))
        if what == "out":
            del inside[last]
        elif what == "in" and isinstance(inside, dict):
            inside[draw(st.one_of(names, scalars))] = draw(st.one_of(junk, st.just(old)))
        elif what == "text":
            inside[last] = str(old)
        else:
            inside[last] = draw(junk if what == "junk" or not schema else by_schema(schema))
    return config


def refusal(function, *arguments):
    """What a refusal says, empty if there was none; any other error goes through."""
    try:
        function(*arguments)
    except SettingsError as error:
        return str(error)
    return ""


def check(config):
    """Whether the settings are usable; a refusal has a key in each line, and nothing else."""
    refused = refusal(check_settings, config)
    if refused:
        title, *lines = refused.splitlines()
        assert title == "Settings cannot be used:"
        assert lines
        assert all(re.match(r"  [^ ]", line) for line in lines)
        refused.encode()  # so that it can be printed
        return refused
    checked = check_settings(config)
    assert check_settings(checked) == checked
    json.dumps(checked, allow_nan=False)
    return ""


def test_every_change_of_the_settings_is_taken_or_refused_by_name():
    """Settings with keys too many, keys too few, and values of any kind"""
    taken = []

    @thorough
    @given(changed())
    def fuzz(config):
        taken.append(not check(config))

    fuzz()
    # Otherwise only one of the two is tried.
    assert min(taken.count(True), taken.count(False)) > 100


@thorough
@given(st.dictionaries(st.sampled_from(list(CONFIG)) | names, junk, max_size=6))
@example({" ": None})
def test_anything_at_all_is_refused_by_name(config):
    """Settings that are anything at all"""
    assert check(config)


@settings(thorough, max_examples=100)
@given(by_schema(SCHEMA))
def test_settings_that_only_contradict_each_other_are_taken_or_refused_by_name(config):
    """Settings that the schema allows and that contradict each other"""
    check(config)


def test_a_value_of_the_wrong_kind_is_refused_at_its_own_place():
    """Each setting in its turn holds something of another kind"""
    for *parents, last in (place for place, _ in PLACES[1:]):
        config = copy.deepcopy(CONFIG)
        inside = config
        for part in parents:
            inside = inside[part]
        inside[last] = {"x": [object]}
        assert ".".join(map(str, (*parents, last))) in check(config)


@pytest.mark.parametrize("number", [1 << 20000, -(1 << 20000), 10**4000], ids=["+", "-", "4000"])
def test_a_number_of_thousands_of_digits_is_refused_in_a_line(number):
    """A number has thousands of digits"""
    assert len(check({**CONFIG, "seed": number})) < 400


@settings(thorough, max_examples=300)
@given(st.one_of(names, scalars, junk))
def test_any_scale_is_taken_or_refused(scale):
    """The scale is anything at all"""
    refused = refusal(check_scale, {"scale": scale})
    assert ("smoke, demo, paper" in refused) == (scale not in ("smoke", "demo", "paper"))


@thorough
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=60).map(str.encode),
        st.tuples(
            st.sampled_from(range(0, len(WHOLE), 7)),
            st.sampled_from([b"\t", b"{", b"[", b"'", b": ", b"\xff", b"&a *a", b"\n- x", b"\0"]),
        ).map(lambda cut: WHOLE[: cut[0]] + cut[1] + WHOLE[cut[0] :]),
    )
)
def test_a_file_of_any_bytes_can_be_read_or_is_refused_by_name(tmp_path_factory, content):
    """A settings file of any bytes, or with something put in anywhere"""
    file = tmp_path_factory.getbasetemp() / "broken.yaml"
    file.write_bytes(content)
    refused = refusal(check_file, file)
    assert not refused or "\n  broken.yaml, " in refused


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed: 1\n\tscale: demo\n", "line 2"),
        ("seed: 1\nscale: demo\nseed: 2\n", "line 3: seed stands there a second time"),
        ("a:\n  b: 1\n  b: 2\n", "line 3: b stands there a second time"),
        ("- seed\n", "settings with names are needed"),
        ("seed\n", "settings with names are needed"),
        ("seed: 2024-13-45\n", "month must be"),
        ("seed: " + "9" * 5000, "digits"),
        ("[" * 3000, ""),
        ("a: &a [*a]\n", None),
        ("x: &x {a: 1}\ny: {<<: *x, a: 2}\n", None),
        ("", "there is nothing in it"),
        ("# only a remark\n", "there is nothing in it"),
    ],
)
def test_a_file_that_is_no_settings_is_refused_with_its_line(tmp_path, text, words):
    """A settings file with a tab, a key twice, a list on top, impossible dates or numbers"""
    file = tmp_path / "config.yaml"
    file.write_text(text)
    if words is None:
        check_file(file)
        return
    with pytest.raises(SettingsError, match=r"config\.yaml, ") as caught:
        check_file(file)
    assert words in str(caught.value)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    """A settings file that is not UTF-8"""
    file = tmp_path / "config.yaml"
    file.write_bytes("seed: 0  # größe\n".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"config\.yaml, byte 13 is not UTF-8"):
        check_file(file)
