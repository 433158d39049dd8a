"""What steps write comes back as it was, with the same bytes each time, or is refused clearly."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from unrolled.files import (
    load_dataset,
    load_json,
    load_table,
    save_dataset,
    save_json,
    save_table,
    variable,
)


@pytest.fixture
def dataset():
    return xr.Dataset(
        {
            "states": variable(
                ("sample", "unit"), np.arange(6.0).reshape(2, 3), units="1", long_name="state"
            ),
            "kept": variable("sample", np.array([True, False]), units="1", long_name="kept"),
            "count": variable("sample", np.array([3, 2**31 - 1]), units="1", long_name="count"),
            "byte": variable("sample", np.array([0, 200], "u1"), units="1", long_name="byte"),
            "word": variable("sample", np.array(["né", "b"]), units="1", long_name="word"),
            "speed": variable((), np.float32(0.5), units="1/step", long_name="speed"),
            "time": variable("sample", np.array([1.5, np.nan]), units="seconds", long_name="time"),
        },
        attrs={"cell": "gru", "rank": 0, "accuracy": 0.25},
    )


def test_a_dataset_comes_back_with_its_values_units_and_attributes(dataset, tmp_path):
    save_dataset(dataset, tmp_path / "a.nc")
    again = load_dataset(tmp_path / "a.nc")
    for name, array in dataset.items():
        np.testing.assert_array_equal(again[name].values, array.values)
        assert again[name].dims == array.dims
        assert again[name].attrs == array.attrs
    assert again.attrs == dataset.attrs


def test_booleans_and_long_integers_become_types_of_netcdf_3(dataset, tmp_path):
    save_dataset(dataset, tmp_path / "a.nc")
    again = load_dataset(tmp_path / "a.nc")
    assert again.kept.dtype == np.int8
    assert again["count"].dtype == np.int32
    assert again.byte.values.tolist() == [0, 200]


def test_seconds_stay_numbers(dataset, tmp_path):
    save_dataset(dataset, tmp_path / "a.nc")
    assert load_dataset(tmp_path / "a.nc").time.values[0] == 1.5


@pytest.mark.parametrize("dims", [("point",), ("point", "unit"), ("unit", "point")])
def test_variables_without_entries_come_back_empty(dataset, tmp_path, dims):
    shape = [{"point": 0, "unit": 3}[name] for name in dims]
    full = dataset.assign(
        none=variable(dims, np.zeros(shape), units="1", long_name="fixed points"),
        no_other=variable("other", np.zeros(0, "i4"), units="1", long_name="others"),
    )
    save_dataset(full, tmp_path / "a.nc")
    again = load_dataset(tmp_path / "a.nc")
    assert again.none.dims == dims
    assert again.none.shape == tuple(shape)
    assert again.none.attrs["long_name"] == "fixed points"
    assert again.sizes["point"] == again.sizes["other"] == 0
    assert again.no_other.dtype == np.int32


def test_the_same_dataset_has_the_same_bytes_in_every_process(tmp_path):
    code = (
        "import sys, numpy as np, xarray as xr\n"
        "from unrolled.files import save_dataset, variable\n"
        "v = {n: variable('x', np.arange(3.0), units='1', long_name=n) for n in 'abcde'}\n"
        "data = xr.Dataset(v).set_coords(['a', 'b', 'c'])\n"
        "save_dataset(data, sys.argv[1])\n"
    )
    hashes = set()
    for seed in "12":
        path = tmp_path / f"{seed}.nc"
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, path], check=True, env=environment)
        hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(hashes) == 1


@pytest.mark.parametrize("missing", ["units", "long_name"])
def test_a_variable_without_unit_or_description_is_refused_by_name(dataset, tmp_path, missing):
    del dataset.states.attrs[missing]
    with pytest.raises(ValueError, match=f"'states' has no {missing}"):
        save_dataset(dataset, tmp_path / "a.nc")


def test_an_integer_that_does_not_fit_is_refused_by_name(dataset, tmp_path):
    dataset["count"].values[0] = 2**40
    with pytest.raises(ValueError, match="'count' has integers beyond 32 bits"):
        save_dataset(dataset, tmp_path / "a.nc")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.95])
def test_a_truncated_dataset_is_named_with_its_size_and_the_next_command(dataset, tmp_path, share):
    path = tmp_path / "cut.nc"
    save_dataset(dataset, path)
    kept = int(share * path.stat().st_size)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=rf"cut\.nc \({kept} bytes\).*Delete it.*snakemake"):
        load_dataset(path)


def test_a_file_of_another_kind_is_no_dataset(tmp_path):
    (tmp_path / "a.nc").write_text("<html>not found</html>")
    with pytest.raises(ValueError, match="not a whole NetCDF-3"):
        load_dataset(tmp_path / "a.nc")


def test_a_table_comes_back_as_text_in_the_given_order(tmp_path):
    rows = [{"word": 'a "b",', "count": np.int64(3), "valence": None}]
    save_table(rows, tmp_path / "a.csv", ["word", "count", "valence"])
    content = (tmp_path / "a.csv").read_bytes()
    assert content.startswith(b"word,count,valence\n")
    assert b"\r" not in content
    assert load_table(tmp_path / "a.csv") == [{"word": 'a "b",', "count": "3", "valence": ""}]


def test_numbers_in_a_table_keep_every_digit(tmp_path):
    number = np.float64(0.1) + np.float64(0.2)
    save_table([{"x": number}], tmp_path / "a.csv", ["x"])
    assert float(load_table(tmp_path / "a.csv")[0]["x"]) == number


def test_a_row_with_other_columns_is_refused(tmp_path):
    with pytest.raises(ValueError, match="row 0 has the columns"):
        save_table([{"x": 1, "z": 2}], tmp_path / "a.csv", ["x", "y"])


def test_a_ragged_table_is_refused_with_its_line(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3\n")
    with pytest.raises(ValueError, match="line 3: 1 fields"):
        load_table(tmp_path / "a.csv")


def test_json_is_sorted_and_takes_numpy_numbers(tmp_path):
    save_json({"b": np.float64(0.5), "a": np.arange(2)}, tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text().split('"')[1] == "a"
    assert load_json(tmp_path / "a.json") == {"a": [0, 1], "b": 0.5}


@pytest.mark.parametrize("number", [float("nan"), np.float64("inf")])
def test_a_number_that_is_not_finite_is_refused_with_its_place(tmp_path, number):
    with pytest.raises(ValueError, match=r"film\.accuracy\[1\] is"):
        save_json({"film": {"accuracy": [1.0, number]}}, tmp_path / "a.json")


def test_json_that_was_cut_short_is_named(tmp_path):
    (tmp_path / "a.json").write_text('{"a": 1')
    with pytest.raises(ValueError, match=r"a\.json.*not JSON.*snakemake"):
        load_json(tmp_path / "a.json")
