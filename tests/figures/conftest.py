"""Helpers beside the tests are imported by name."""

import sys
from pathlib import Path

import pytest

from unrolled.figures import make_figure, publication_style

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def figure():
    with publication_style():
        yield make_figure(height=3.0)


@pytest.fixture
def axes(figure):
    return figure.subplots()


@pytest.fixture
def space(figure):
    return figure.add_subplot(projection="3d")
