"""Measurements of many networks in one dataset, and one network out of it again."""

import numpy as np
import pytest

from unrolled.files import load_dataset, measured_dataset, save_dataset
from unrolled.populations import join_networks, network_in, stack_networks


def measured(number, *, points, departures=2, modes=3, cell="gru"):
    """A network with so many points; every value says whose it is."""
    first = 100.0 * number
    places = first + np.arange(2.0 * points).reshape(points, 2)
    return {
        "cell": ((), cell, "1", "architecture"),
        "error": ((), first, "1", "error"),
        "spectrum": ("mode", first + np.arange(modes), "1", "moduli"),
        "count": ("mode", np.arange(modes), "1", "whole numbers"),
        "place": (("point", "pc"), places, "1", "points"),
        "index": ("point", np.arange(points), "1", "unstable directions"),
        "source": ("departure", np.arange(departures) % max(points, 1), "1", "point it leaves"),
    }


def assert_network(data, number, expected):
    """Network ``number`` of a dataset is what was measured of it; its modes may be padded."""
    own = network_in(data, number)
    assert "network" not in own.dims
    for name, (_, values, units, text) in expected.items():
        found = own[name].values
        length = np.shape(values)[0] if np.shape(values) else None
        np.testing.assert_array_equal(found if length is None else found[:length], values, name)
        if length is not None:
            assert np.isnan(found[length:]).all()
        assert own[name].attrs == {"units": units, "long_name": text}


FIRST = [measured(0, points=3), measured(1, points=0, departures=0), measured(2, points=5)]
SECOND = [
    measured(3, points=2, departures=1, cell="vanilla", modes=5),
    measured(4, points=4, cell="vanilla", modes=5),
]
EMPTY = [measured(5, points=0, departures=0), measured(6, points=0, departures=0)]


def stacked(parts, **attrs):
    shared = measured_dataset({"axis": ("time", np.arange(4.0), "steps", "time")}, {})
    return stack_networks(parts, attrs).assign(shared)


def test_every_network_of_a_stack_is_found_again():
    data = stacked(FIRST, task="memory")
    assert data.attrs == {"task": "memory"}
    assert data.sizes == {"network": 3, "mode": 3, "point": 8, "pc": 2, "departure": 4, "time": 4}
    assert data.point_network.values.tolist() == [0] * 3 + [2] * 5
    for number, expected in enumerate(FIRST):
        assert_network(data, number, expected)


def test_joined_parts_keep_every_network_and_its_points():
    joined = join_networks([stacked(FIRST, task="memory"), stacked(SECOND), stacked(EMPTY)])
    assert joined.sizes["network"] == 7
    assert joined.point_network.values.tolist() == [0] * 3 + [2] * 5 + [3] * 2 + [4] * 4
    assert joined.departure_network.values.tolist() == [0, 0, 2, 2, 3, 4, 4]
    for number, expected in enumerate([*FIRST, *SECOND, *EMPTY]):
        assert_network(joined, number, expected)
    assert joined.attrs == {}
    assert joined.axis.dims == ("time",)


def test_only_what_differs_between_parts_is_padded():
    joined = join_networks([stacked(FIRST), stacked(SECOND)])
    assert joined.sizes["mode"] == 5
    assert np.isnan(joined.spectrum.values[:3, 3:]).all()
    assert np.isfinite(joined.spectrum.values[3:]).all()
    assert np.isfinite(joined.place.values).all()
    assert joined["index"].dtype.kind == "i"
    assert join_networks([stacked(FIRST)])["count"].dtype.kind == "i"


def test_texts_of_different_lengths_are_kept_whole():
    joined = join_networks([stacked(FIRST), stacked(SECOND)])
    assert joined.cell.values.tolist() == ["gru"] * 3 + ["vanilla"] * 2
    assert joined.cell.dtype.kind == "U"


@pytest.mark.parametrize("parts", [[FIRST], [FIRST, SECOND], [EMPTY, SECOND], [EMPTY]])
def test_files_keep_it_all(tmp_path, parts):
    for number, part in enumerate(parts):
        save_dataset(stacked(part), tmp_path / f"{number}.nc")
    joined = join_networks([load_dataset(tmp_path / f"{n}.nc") for n in range(len(parts))])
    save_dataset(joined, tmp_path / "all.nc")
    again = load_dataset(tmp_path / "all.nc")
    everyone = [one for part in parts for one in part]
    assert again.sizes["network"] == len(everyone)
    for number, expected in enumerate(everyone):
        assert_network(again, number, expected)


def test_joining_one_by_one_or_all_at_once_is_the_same():
    one, two, three = (stacked(part) for part in (FIRST, EMPTY, SECOND))
    stepwise = join_networks([join_networks([one, two]), three])
    at_once = join_networks([one, two, three])
    assert stepwise.identical(at_once)
