"""The pages in docs/ say what is so: their Python blocks run, in order, to what they promise."""

import re
from pathlib import Path

import numpy as np
import pytest

from unrolled.cli import main
from unrolled.files import load_dataset

DOCS = Path(__file__).parents[1] / "docs"


def run_blocks(page):
    """Names after running every Python block of a page in the current folder."""
    names = {"__name__": page.stem}
    text = page.read_text(encoding="utf-8")
    for block in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        # Blank lines before a block give its lines their numbers on the page.
        line = text[: block.start(1)].count("\n")
        exec(compile("\n" * line + block.group(1), page, "exec"), names)
    return names


def none_of(transitions):
    """Transitions without departures."""
    names = ("sources", "directions", "signs", "ends", "agreed", "steps")
    return type(transitions)(*(getattr(transitions, name)[:0] for name in names))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("docs")


@pytest.fixture(scope="module")
def own_network(folder):
    pytest.importorskip("keras")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return run_blocks(DOCS / "own_network.md")


def test_the_switches_are_four_attractors_with_saddles_between(own_network):
    unstable = own_network["modes"].n_unstable
    np.testing.assert_array_equal(np.bincount(unstable), [4, 4, 1])
    assert own_network["points"].speeds.max() < 1e-20
    weights, bias = own_network["readout"]
    says = own_network["points"].states @ weights + bias
    memories = np.sort(np.sign(says[unstable == 0]) @ [2, 1])
    np.testing.assert_array_equal(memories, [-3, -1, 1, 3])  # each of the four, once
    np.testing.assert_allclose(np.abs(says[unstable == 0]), 1, atol=0.3)
    undecided = np.abs(says[unstable == 2])
    assert undecided.max() < 0.5


def test_the_graph_is_the_square_of_two_bits(own_network):
    from unrolled.dynamics import graph_distance, ideal_memory_graph, memory_graph

    graph = own_network["graph"]
    assert graph_distance(graph, ideal_memory_graph(2)) == 0
    # The distance is not blind: without its saddles the network is far from the square.
    stable = own_network["modes"].n_unstable == 0
    weights, bias = own_network["readout"]
    codes = np.sign(own_network["points"].states[stable] @ weights + bias)
    corners = memory_graph(codes, np.zeros(4), none_of(own_network["transitions"]))
    assert graph_distance(graph, corners) > 0.5


def test_two_networks_differ_in_shape_more_than_in_graph(own_network):
    from unrolled.dynamics import graph_distance, svcca_distance

    bases = own_network["basis"], own_network["other_basis"]
    shapes = svcca_distance(*bases, own_network["kept"])
    assert 0.05 < shapes < 0.6
    assert graph_distance(own_network["graph"], own_network["other_graph"]) < 0.5 * shapes
    # With other moments in the second there is nothing to see of the first.
    shuffled = np.random.default_rng(0).permutation(bases[1])
    assert svcca_distance(bases[0], shuffled, own_network["kept"]) > 0.9


def test_the_network_learned_and_the_figure_was_drawn(own_network, folder):
    assert own_network["loss"] < 0.02
    for name in ("portrait.pdf", "portrait.png"):
        assert (folder / name).stat().st_size > 10_000


def test_the_command_line_finds_the_same_points(own_network, folder):
    text = (DOCS / "own_network.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^unrolled (fixed-points .*)$", text, re.MULTILINE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(command.split()) == 0
    found = load_dataset(folder / "portrait" / "fixed_points.nc")["states"].values
    gaps = np.linalg.norm(found[:, None] - own_network["points"].states, axis=2)
    assert len(found) == 9
    assert gaps.min(axis=1).max() < 1e-6


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_names_that_a_page_mentions_exist(page):
    import importlib

    text = page.read_text(encoding="utf-8")
    for room, name in re.findall(r"`unrolled\.(\w+)\.(\w+)", text):
        assert hasattr(importlib.import_module(f"unrolled.{room}"), name), f"{room}.{name}"
    for path in re.findall(r"`((?:tests|docs|src)/[\w/.]+)`", text):
        assert (DOCS.parent / path).exists(), path
