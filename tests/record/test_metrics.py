import math

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


def test_one_network_without_a_number_leaves_none_for_all():
    networks = [("a", "trained", {"x": value}) for value in (1.0, float("nan"), 2.0)]
    assert math.isnan(population_metrics(networks)["a_x"])


def test_what_is_not_finite_is_nothing_in_a_file():
    metrics = {"a": 1, "b": float("nan"), "c": float("inf"), "d": -2.5}
    assert finite_metrics(metrics) == {"a": 1.0, "b": None, "c": None, "d": -2.5}
