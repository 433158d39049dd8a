"""Two versions of a file: identical by bytes, and named by the entry that differs first."""

import csv

import numpy as np
import pytest
import xarray as xr
from safetensors.numpy import save_file

from unrolled.files import save_dataset, save_json, variable
from unrolled.record.comparison import Difference, compare, first_difference, upstream_first
from unrolled.record.ledger import Entry

VALUES = np.arange(12.0).reshape(3, 4)


@pytest.fixture
def folders(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    return tmp_path / "one", tmp_path / "two"


def write_arrays(path, values=VALUES, units="1"):
    entries = {
        "labels": variable("row", np.array(["a", "b", "c"]), units="1", long_name="names"),
        "weights": variable(("row", "column"), values, units=units, long_name="weights"),
    }
    save_dataset(xr.Dataset(entries), path)


def write_networks(path, values=VALUES):
    save_file({"gru/bias": np.zeros(2), "gru/kernel": values}, path)


def write_table(path, values=VALUES):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "c", "d"])
        writer.writerows(values.tolist())


def write_numbers(path, values=VALUES):
    save_json({"claims": [{"id": "C1"}, {"value": values.tolist()}]}, path)


def unlike(write, folders, name, *, place=(2, 1), **changed):
    """The difference after one entry was changed."""
    one, two = (folder / name for folder in folders)
    values = VALUES.copy()
    values[place] = np.nextafter(values[place], np.inf)
    write(one)
    write(two, **(changed or {"values": values}))
    return first_difference(name, one, two)


@pytest.mark.parametrize(
    ("write", "name", "where"),
    [
        (write_arrays, "a.nc", "weights[2, 1]"),
        (write_networks, "a.safetensors", "gru/kernel[2, 1]"),
        (write_table, "a.csv", "b[2]"),
        (write_numbers, "a.json", "claims[1].value[2][1]"),
    ],
)
def test_one_entry_that_moved_by_the_last_bit_is_named_with_both_values(
    write, name, where, folders
):
    found = unlike(write, folders, name)
    assert (found.path, found.where) == (name, where)
    assert (found.first, found.second) == ("9.0", "9.000000000000002")


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (write_arrays, "a.nc"),
        (write_networks, "a.safetensors"),
        (write_table, "a.csv"),
        (write_numbers, "a.json"),
    ],
)
def test_the_same_content_is_identical(write, name, folders):
    for folder in folders:
        write(folder / name)
    assert first_difference(name, *(folder / name for folder in folders)) is None


def test_how_many_entries_differ_is_said(folders):
    changed = VALUES.copy()
    changed[1:] += 1
    found = unlike(write_arrays, folders, "a.nc", values=changed)
    assert (found.where, found.note) == ("weights[1, 0]", "8 of 12 entries differ")


def test_a_place_that_is_not_a_number_in_both_is_no_difference(folders):
    one, two = VALUES.copy(), VALUES.copy()
    one[0, 0] = two[0, 0] = np.nan
    two[2, 3] = np.nan
    write_arrays(folders[0] / "a.nc", one)
    write_arrays(folders[1] / "a.nc", two)
    found = first_difference("a.nc", *(folder / "a.nc" for folder in folders))
    assert (found.where, found.first, found.second) == ("weights[2, 3]", "11.0", "nan")


@pytest.mark.parametrize(
    ("changed", "where", "shown"),
    [
        ({"values": VALUES[:2].T}, "weights: shape", ("(3, 4)", "(4, 2)")),
        ({"values": VALUES.astype(np.float32)}, "weights: type", ("float64", "float32")),
        ({"units": "steps"}, "weights:units", ("1", "steps")),
    ],
)
def test_another_shape_type_or_unit_is_named(changed, where, shown, folders):
    def write(path, values=VALUES, units="1"):
        dims = ("x", "y")
        entry = variable(dims, values, units=units, long_name="weights")
        save_dataset(xr.Dataset({"weights": entry}), path)

    found = unlike(write, folders, "a.nc", **changed)
    assert found.where == where
    assert (found.first, found.second) == shown


def test_a_variable_on_one_side_is_named(folders):
    write_networks(folders[0] / "a.safetensors")
    save_file({"gru/bias": np.zeros(2)}, folders[1] / "a.safetensors")
    found = first_difference("a", *(folder / "a.safetensors" for folder in folders))
    assert (found.where, found.first, found.second) == ("gru/kernel", "there", None)


@pytest.mark.parametrize("name", ["a.pdf", "a.nc", "a.safetensors", "a.csv", "a.json"])
def test_what_cannot_be_opened_is_compared_by_bytes(name, folders):
    one, two = (folder / name for folder in folders)
    one.write_bytes(b"\xff\x00 same, then A and more")
    two.write_bytes(b"\xff\x00 same, then B")
    found = first_difference(name, one, two)
    assert (found.where, found.first, found.second) == ("byte 14", "0x41", "0x42")
    two.write_bytes(one.read_bytes()[:5])
    cut = first_difference(name, one, two)
    assert (cut.where, cut.first, cut.second) == ("byte 5", "0x6d", None)
    assert cut.note == "24 and 5 bytes in all"


def test_bytes_count_where_every_value_is_the_same(folders):
    one, two = (folder / "a.json" for folder in folders)
    one.write_text('{"a": 1}')
    two.write_text('{"a":  1}')
    assert first_difference("a.json", one, two).where == "byte 6"


def test_a_missing_file_is_a_difference_and_each_kind_is_counted(folders):
    for folder in folders:
        write_arrays(folder / "a.nc")
        write_numbers(folder / "b.json")
    (folders[0] / "c.png").write_bytes(b"here only")
    comparison = compare(["a.nc", "b.json", "c.png"], *folders)
    assert comparison.differences == (Difference("c.png", "file", "there", None),)
    assert comparison.counts() == {"arrays": (1, 1), "figures": (0, 1), "numbers": (1, 1)}
    assert not comparison.is_identical


def entry(*inputs):
    record = {"inputs": [{"path": path} for path in inputs]}
    return Entry(record=record, journal="", faults=(), before=None)


def test_outputs_come_after_what_they_were_made_from_whatever_they_are_called():
    outputs = {
        "a": entry("m"),
        "m": entry("z", "raw"),
        "z": entry("raw"),
        "other": entry(),
    }
    order = upstream_first(outputs)
    assert sorted(order) == ["a", "m", "other", "z"]
    assert order.index("z") < order.index("m") < order.index("a")
    assert upstream_first(outputs, ["m"]) == ["z", "m"]


def test_records_that_go_round_in_a_circle_are_refused():
    with pytest.raises(ValueError, match="cycle"):
        upstream_first({"a": entry("b"), "b": entry("a")})
