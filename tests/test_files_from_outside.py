"""Tables, numbers and settings in files that lie are read or refused by name."""

import io
import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import netcdf_file
from tests.damage import a_thousand, at_most, damaged, read_or_refuse

from unrolled.files import (
    load_dataset,
    load_json,
    load_table,
    load_yaml,
    save_dataset,
    save_json,
    save_table,
    variable,
)

pytestmark = pytest.mark.faults("tables and settings from outside")

MEGABYTE = 1 << 20


def number(dims, values):
    return variable(dims, values, units="1", long_name="a number")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """One good file of each kind, as bytes."""
    folder = tmp_path_factory.mktemp("good")
    dataset = xr.Dataset(
        {
            "states": number(("sample", "unit"), np.arange(6.0).reshape(2, 3)),
            "word": number("sample", np.array(["né", "b"])),
            "none": number("point", np.zeros(0)),
        },
        attrs={"cell": "gru", "rank": 0},
    )
    save_dataset(dataset, folder / "nc")
    save_table([{"word": "né", "count": 3}, {"word": 'a "b",', "count": 1}], folder / "csv",
               ["word", "count"])  # fmt: skip
    save_json({"a": [1, 2.5, None], "b": {"c": "né"}}, folder / "json")
    (folder / "yaml").write_text("a: &x {b: 1, c: [2, 3.5]}\nd:\n- <<: *x\n  e: né\n- 2020-01-01\n")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


READ = {"nc": load_dataset, "csv": load_table, "json": load_json, "yaml": load_yaml}


@pytest.mark.parametrize("kind", ["csv", "json", "yaml"])
@pytest.mark.parametrize(
    ("found", "encoding"), [("né", "latin-1"), ("né", "utf-16"), ("n\udce9", "utf-8")]
)
def test_text_in_another_encoding_is_named(good, tmp_path, kind, found, encoding):
    """A text file is not in UTF-8."""
    path = tmp_path / f"a.{kind}"
    path.write_bytes(good[kind])
    READ[kind](path)
    text = good[kind].decode().replace("né", found)
    path.write_bytes(text.encode(encoding, errors="surrogatepass"))
    with pytest.raises(ValueError, match=rf"a\.{kind}"):
        READ[kind](path)


@pytest.mark.parametrize("kind", READ)
def test_an_empty_file_and_one_of_zeros_are_named(tmp_path, kind):
    """A file is empty, or full of zeros."""
    path = tmp_path / f"a.{kind}"
    for content in (b"", bytes(1000)):
        path.write_bytes(content)
        if (kind, content) == ("yaml", b""):
            assert load_yaml(path) is None  # an empty YAML file is a valid one
            continue
        if (kind, content[:1]) == ("csv", b"\0"):
            assert load_table(path) == []  # one column with an odd name
            continue
        with pytest.raises(ValueError, match=rf"a\.{kind}"):
            READ[kind](path)


@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_a_table_saved_by_a_spreadsheet_is_read(tmp_path, mark):
    """A spreadsheet put a mark in front of a table."""
    (tmp_path / "a.csv").write_text(f"{mark}word,count\r\na,1\r\n", newline="")
    assert load_table(tmp_path / "a.csv") == [{"word": "a", "count": "1"}]


def test_a_table_with_a_million_columns_is_refused_in_a_short_message(tmp_path):
    """A table has a million columns."""
    path = tmp_path / "a.csv"
    path.write_text(",".join(map(str, range(1_000_000))) + "\n1,2\n")
    with pytest.raises(ValueError, match=r"a\.csv, line 2: 2 fields, .* 1000000") as caught:
        load_table(path)
    assert len(str(caught.value)) < 500
    path.write_text("x," * 1_000_000 + "x\n")
    with pytest.raises(ValueError, match=r"a\.csv: two columns are called 'x'"):
        load_table(path)


def test_a_field_without_end_is_named(tmp_path):
    """A quotation mark opens a field of megabytes."""
    (tmp_path / "a.csv").write_text('x\n"' + "y" * (17 * MEGABYTE))
    with pytest.raises(ValueError, match=r"a\.csv is not CSV"):
        load_table(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": NaN}', "NaN is not a finite number"),
        ("[-Infinity]", "-Infinity is not"),
        ("[1e999]", "1e999 is not"),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ("[" * 100_000, "recursion"),
        ('{"a":' * 100_000, "recursion"),
        ("9" * 5000, "digits"),
        ("\ufeff[]", "BOM"),
        ("[] []", "Extra data"),
        ("", "Expecting value"),
    ],
    ids=lambda text: text[:20],
)
def test_json_that_is_not_as_it_is_written_is_named(tmp_path, text, reason):
    """A JSON file holds NaN, a key twice, or lists within lists without end."""
    path = tmp_path / "a.json"
    path.write_text("[1.5]")
    assert load_json(path) == [1.5]
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"a\.json .*{reason}"):
        load_json(path)


LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 30)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LAUGHS, "unfold into more than"),
        (MERGES, "unfold into more than"),
        ("&a [*a]", "unfold into more than"),
        ("a: 1\nb: 2\na: 3", "'a' stands twice"),
        ("[" * 1000, "recursion"),
        ("!!python/object/apply:os.system [true]", "could not determine a constructor"),
        ("when: 2020-13-45", "month"),
        ("!!int ''", ""),
        ("{[a]: b}", "unhashable"),
        ("a: b: c", "mapping values"),
        ("a\x07: 1", "special characters"),
        ("--- a\n--- b\n", "single document"),
    ],
    ids=lambda text: text[:20],
)
def test_yaml_that_lies_is_named(tmp_path, text, reason):
    """A YAML file asks for code, or unfolds into gigabytes by references to itself."""
    path = tmp_path / "a.yaml"
    path.write_text("a: &a [1]\nb: *a\n")
    assert load_yaml(path) == {"a": [1], "b": [1]}
    path.write_text(text)
    with at_most(64 * MEGABYTE), pytest.raises(ValueError, match=rf"(?s)a\.yaml .*{reason}"):
        load_yaml(path)


def test_a_variable_that_is_said_to_be_empty_takes_no_memory(tmp_path):
    """A dataset says that an empty variable has a billion entries."""
    path = tmp_path / "a.nc"
    for shape in ([0, 10**9], [10**9]):
        kept = {"dims": ["x", "y"][: len(shape)], "shape": shape, "dtype": "float64", "attrs": {}}
        empty = json.dumps({"v": kept})
        xr.Dataset(attrs={"empty_variables": empty}).to_netcdf(path, engine="scipy")
        if 0 in shape:
            assert load_dataset(path).v.shape == (0, 10**9)
        else:
            with at_most(16 * MEGABYTE), pytest.raises(ValueError, match=r"a\.nc .* entries"):
                load_dataset(path)


def netcdf(n_variables, size):
    """A NetCDF-3 file with so many variables of so many bytes."""
    buffer = io.BytesIO()
    with netcdf_file(buffer, "w", version=2) as file:
        file.createDimension("x", size)
        for n in range(n_variables):
            file.createVariable(f"v{n:04}", "b", ("x",))[:] = 1
        file.flush()
        return buffer.getvalue()


def test_variables_that_lie_in_one_place_take_no_memory(tmp_path):
    """A dataset has a thousand variables, all in one place."""
    path, whole = tmp_path / "a.nc", netcdf(1000, 1 << 16)
    path.write_bytes(whole)
    assert load_dataset(path).sizes == {"x": 1 << 16}
    header = len(whole) - 1000 * (1 << 16)
    path.write_bytes(_in_one_place(whole[:header], header) + b"\1" * (1 << 16))
    with at_most(16 * MEGABYTE), pytest.raises(ValueError, match=r"a\.nc .* overlap"):
        load_dataset(path)


def _in_one_place(header, begin):
    """The header of variables, each with its data at the end of the header."""
    header = bytearray(header)
    for n in range(1000):
        name = header.index(b"v%04d" % n)
        # Padded name, one dimension, no attributes, type, size: then where the data begin.
        place = name + 8 + 8 + 8 + 4 + 4
        assert int.from_bytes(header[place : place + 8], "big") == begin + n * (1 << 16)
        header[place : place + 8] = begin.to_bytes(8, "big")
    return bytes(header)


@pytest.mark.parametrize("length", [2**31 - 1, 2**32 - 1])
def test_a_length_that_the_file_does_not_have_takes_no_memory(tmp_path, length):
    """A dataset says that it has billions of entries."""
    content = netcdf(1, 1000)
    told = length.to_bytes(4, "big")
    assert content.count((1000).to_bytes(4, "big")) == 2  # the dimension, and the variable's size
    (tmp_path / "a.nc").write_bytes(content.replace((1000).to_bytes(4, "big"), told))
    with at_most(16 * MEGABYTE), pytest.raises(ValueError, match=r"a\.nc .* not a whole NetCDF-3"):
        load_dataset(tmp_path / "a.nc")


@pytest.mark.parametrize("kind", READ)
@pytest.mark.filterwarnings("ignore")
def test_a_thousand_damaged_files_are_read_or_named(good, tmp_path, kind):
    """A dataset, a table, numbers or settings are damaged in a thousand ways."""
    path = tmp_path / f"a.{kind}"

    @a_thousand
    @given(content=damaged(good[kind]))
    def each(content):
        path.write_bytes(content)
        found = read_or_refuse(lambda: READ[kind](path), path)
        if isinstance(found, xr.Dataset):
            assert found.nbytes < 100 * len(content) + 1000
        elif isinstance(found, list) and kind == "csv":
            assert len({len(row) for row in found}) <= 1

    each()


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@a_thousand
@given(content=PLAIN)
def test_a_thousand_values_come_back_from_json_or_are_refused(tmp_path, content):
    """Any value is written as JSON and read again."""
    path = tmp_path / "a.json"
    written = read_or_refuse(lambda: save_json(content, path), path)
    if written is None:
        assert load_json(path) == content
