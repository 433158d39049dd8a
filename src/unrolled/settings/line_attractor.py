"""Settings of the paper `line_attractor`, one block for each kind of rule."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from unrolled.settings.networks import Cell, NetworkSize, Recipe, RecipeChange
from unrolled.settings.slow_points import SlowPoints
from unrolled.settings.values import Block, Count, Distinct, NetworkCountOrZero, Positives

Pair = Annotated[list[str], Field(min_length=2, max_length=2)]


class Population(Block):
    """Which networks there are."""

    networks: Annotated[dict[str, NetworkCountOrZero], Field(min_length=1)]
    """Networks of each cell for each corpus; 0 leaves a corpus out."""
    cells: Annotated[list[Cell], Field(min_length=1), Distinct]
    """Recurrent cells to train, next to the linear one."""
    analysed: dict[str, Count]
    """By corpus: how many of them, best on validation first, are analysed; 1 where not named."""
    chunk: Count
    """Networks trained by one job; changes no bytes."""


class Training(Block):
    """Recipes for the two kinds of documents, and what differs from them."""

    documents: Recipe
    """For documents that people wrote."""
    generated: Recipe
    """For generated documents, which do not run out."""
    exceptions: dict[str, RecipeChange]  # type: ignore[valid-type]
    """By corpus, or corpus_cell: what differs from the recipe of that kind of documents."""


class BagOfWords(Block):
    """The yardstick: logistic regression on word counts."""

    strengths: Positives
    """Inverse L2 penalties, the best of which on validation is taken."""
    class_words: Count
    """Words in each class: positive, negative, neutral."""
    class_count: Count
    """A word of a class is seen at least so often in training."""


class Dynamics(SlowPoints):
    """The analysis of one network."""

    exact_starts: Count
    """Starts of the search for exact fixed points."""
    relaxation: Count
    """Free steps of the relaxation test."""
    null_vectors: Count
    """Random directions that alignments are compared with."""


class Figures(Block):
    """Which networks the figures show, each as [corpus, cell]."""

    headline: Pair
    """Figures 2 to 5."""
    activations: Pair
    """Figure 1."""
    pairs: Annotated[list[Pair], Field(min_length=1)]
    """Columns of figure 6."""


class LineAttractor(Block):
    """Reverse engineering recurrent networks for sentiment classification (NeurIPS 2019)."""

    population: Population
    """Which networks there are."""
    network: NetworkSize
    """Sizes of one network."""
    training: Training
    """How networks are trained."""
    bag_of_words: BagOfWords
    """The yardstick."""
    dynamics: Dynamics
    """The analysis of one network."""
    figures: Figures
    """Which networks the figures show."""
