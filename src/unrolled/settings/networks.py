"""Settings of networks that read documents, which several papers train alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, create_model

from unrolled.settings.values import (
    Block,
    Count,
    Counts,
    NotNegatives,
    PartShare,
    Positive,
    Positives,
    Share,
)

Cell = Literal["vanilla", "ugrnn", "gru", "lstm"]


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


def recipe_for(training: Mapping[str, Any], kind: str, *, corpus: str, cell: str) -> dict[str, Any]:
    """How a cell is trained on a corpus: the recipe of its kind, then the exceptions.

    Parameters
    ----------
    training : mapping
        The checked settings ``<paper>.training``.
    kind : {"documents", "generated"}
        Who wrote the corpus: people or a generator.
    corpus, cell : str
        An exception for both of them outweighs one for the corpus.

    Returns
    -------
    dict
        As `Recipe` describes it.
    """
    recipe = dict(training[kind])
    for name in (corpus, f"{corpus}_{cell}"):
        recipe.update(training["exceptions"].get(name, {}))
    return recipe
