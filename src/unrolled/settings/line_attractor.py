"""Settings of the paper `line_attractor`, one block for each kind of rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from unrolled.settings.values import (
    Block,
    Count,
    CountOrZero,
    Counts,
    NotNegatives,
    PartShare,
    Positive,
    Positives,
    Share,
)

Cell = Literal["vanilla", "ugrnn", "gru", "lstm"]
Pair = Annotated[list[str], Field(min_length=2, max_length=2)]


class Population(Block):
    """Which networks there are."""

    networks: Annotated[dict[str, CountOrZero], Field(min_length=1)]
    """Networks of each cell for each corpus; 0 leaves a corpus out."""
    cells: Annotated[list[Cell], Field(min_length=1)]
    """Recurrent cells to train, next to the linear one."""
    analysed: dict[str, Count]
    """By corpus: how many of them, best on validation first, are analysed; 1 where not named."""
    chunk: Count
    """Networks trained by one job; changes no bytes."""


class NetworkSize(Block):
    """Sizes of one network."""

    units: Counts
    """Hidden units; each network draws one of the list."""
    embedding: Count
    """Entries of the vector that stands for a word."""
    embedding_scale: Positive
    """Standard deviation of the vectors' initial entries."""


class Recipe(Block):
    """How a network is trained."""

    epochs: Count
    """Passes over the training documents."""
    batch: Count
    """Documents in one step."""
    learning_rate: Positives
    """Largest step size of Adam; each network draws one of the list."""
    final_rate: Share
    """Share of the learning rate that the cosine schedule ends at."""
    clip: Positive
    """Largest global norm of the gradient."""
    embedding_dropout: PartShare
    """Share of the word vectors' entries set to zero."""
    state_dropout: PartShare
    """Share of the last state's entries set to zero."""
    word_dropout: PartShare
    """Share of words shown as unknown."""
    weight_decay: NotNegatives
    """Decoupled decay of the matrices and the readout; each network draws one of the list."""


RecipeChange = create_model(  # type: ignore[call-overload]
    "RecipeChange",
    __base__=Block,
    __doc__="What of a recipe is different; what is left out stays as it is.",
    **{
        name: (field.rebuild_annotation(), Field(None, description=field.description))
        for name, field in Recipe.model_fields.items()
    },
)


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


class Dynamics(Block):
    """The analysis of one network."""

    documents: Count
    """Test documents whose states are analysed."""
    starts: Count
    """Starts of the search for slow points."""
    settling: CountOrZero
    """Free steps before that search."""
    ridge: Positive
    """Fixed ridge of its Levenberg-Marquardt steps."""
    iterations: Count
    """Number of these steps."""
    speed: Positive
    """A point is slow if it moves at most this share of the median step along documents."""
    exact_starts: Count
    """Starts of the search for exact fixed points."""
    relaxation: Count
    """Free steps of the relaxation test."""
    neighbours: Count
    """Neighbours of each point in the locally linear embedding."""
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


def recipe_for(
    training: Mapping[str, Any], *, generated: bool, corpus: str, cell: str
) -> dict[str, Any]:
    """How a cell is trained on a corpus: the recipe of its kind, then the exceptions.

    Parameters
    ----------
    training : mapping
        The checked settings ``line_attractor.training``.
    generated : bool
        Whether the corpus is generated.
    corpus, cell : str
        An exception for both of them outweighs one for the corpus.

    Returns
    -------
    dict
        As `Recipe` describes it.
    """
    recipe = dict(training["generated" if generated else "documents"])
    for name in (corpus, f"{corpus}_{cell}"):
        recipe.update(training["exceptions"].get(name, {}))
    return recipe
