import math
from itertools import permutations

import pytest

from unrolled.record.metrics import finite_metrics, population_metrics


def test_networks_give_a_median_and_a_range_and_their_twins_a_median():
    networks = [
        ("film_gru", "trained", {"tau": 3.0}),
        ("film_gru", "trained", {"tau": 9.0}),
        ("film_gru", "trained", {"tau": 4.0}),
        ("film_gru", "untrained", {"tau": 1.0}),
        ("film_gru", "untrained", {"tau": 2.0}),
    ]
    assert population_metrics(networks) == {
        "film_gru_tau": 4.0,
        "film_gru_tau_low": 3.0,
        "film_gru_tau_high": 9.0,
        "film_gru_tau_untrained": 1.5,
    }


@pytest.mark.parametrize("values", list(permutations((1.0, math.nan, 2.0))))
def test_one_network_without_a_number_leaves_none_for_all(values):
    networks = [("a", "trained", {"x": value}) for value in values]
    found = population_metrics([*networks, ("a", "shuffled", {"x": values[1]})])
    assert all(math.isnan(found[f"a_x{suffix}"]) for suffix in ("", "_low", "_high"))


def test_one_network_is_its_own_range():
    found = population_metrics([("a", "trained", {"x": 3.0})])
    assert found == {"a_x": 3.0, "a_x_low": 3.0, "a_x_high": 3.0}


def test_what_is_not_finite_is_nothing_in_a_file():
    metrics = {"a": 1, "b": float("nan"), "c": float("inf"), "d": -2.5}
    assert finite_metrics(metrics) == {"a": 1.0, "b": None, "c": None, "d": -2.5}
