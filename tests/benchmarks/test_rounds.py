"""Rounds are interleaved and paired, and their rows say what they summarise."""

import pytest
from benchmarks.rounds import Bench, Row, ratios


class Silent:
    def __init__(self):
        self.expected, self.ended = 0, 0

    def expect(self, runs):
        self.expected += runs

    def begin(self, label):
        pass

    def end(self):
        self.ended += 1


def test_every_variant_runs_once_a_round_and_each_round_begins_with_another():
    order = []
    variants = {name: lambda name=name: order.append(name) or len(order) for name in "abc"}
    reporter = Silent()
    timed = Bench(3, reporter, {}).compare("case", variants)
    assert order == ["a", "b", "c", "b", "c", "a", "c", "a", "b"]
    assert {name: len(one.seconds) for name, one in timed.items()} == {"a": 3, "b": 3, "c": 3}
    assert timed["b"].result == 9  # what the last round gave
    assert reporter.expected == reporter.ended == 9


def test_a_comparison_may_ask_for_fewer_rounds_but_not_for_more():
    for asked, made in ((1, 1), (5, 2), (None, 2)):
        timed = Bench(2, Silent(), {}).compare("case", {"a": lambda: None}, rounds=asked)
        assert len(timed["a"].seconds) == made


def test_ratios_belong_to_rounds_not_to_medians():
    # A machine that slows down by four in the second round leaves the ratio as it was.
    assert ratios([6.0, 24.0], [2.0, 8.0]) == (3.0, 3.0)


def test_a_single_run_is_compared_with_every_round_of_the_other():
    assert ratios([6.0], [1.0, 2.0, 3.0]) == (6.0, 3.0, 2.0)


@pytest.mark.parametrize("values", [(3.0, 1.0, 2.0), (1.0, 3.0, 2.0)])
def test_a_row_is_summed_up_by_the_median_and_the_range(values):
    row = Row(case="c", variant="v", quantity="time", unit="s", values=values)
    assert (row.median, row.low, row.high) == (2.0, 1.0, 3.0)
    assert row.record()["values"] == values
