"""Settings of the paper `contextual_sentiment`, one block for each kind of rule."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from unrolled.settings.networks import Cell, NetworkSize, Recipe, RecipeChange
from unrolled.settings.slow_points import SlowPoints
from unrolled.settings.values import (
    Block,
    Count,
    Distinct,
    NetworkCount,
    NotNegative,
    Positive,
    Positives,
    Real,
    Share,
    contradiction,
)


class Population(Block):
    """Which networks there are."""

    networks: dict[str, Annotated[list[Cell], Field(min_length=1), Distinct]]
    """For each generated corpus: the cells trained on it."""
    number: NetworkCount
    """Networks of each."""
    analysed: dict[str, Count]
    """By corpus_cell: how many of them, best on validation first, are analysed; 1 if not named."""
    written: Annotated[list[str], Field(min_length=1), Distinct]
    """Corpora of written documents, read by the first paper's GRUs."""


class Training(Block):
    """The recipe for generated documents, and what differs from it."""

    generated: Recipe
    """For generated documents, which do not run out."""
    exceptions: dict[str, RecipeChange]  # type: ignore[valid-type]
    """By corpus, or corpus_cell: what differs from the recipe."""


class ToyTraining(Block):
    """How the network of the toy language is trained."""

    epochs: Count
    """Passes over the training reviews."""
    batch: Count
    """Reviews in one step."""
    learning_rate: Positive
    """Adam's rate at the first step."""
    final_rate: Annotated[Share, Field(gt=0)]
    """Share of the learning rate that the schedule ends at."""
    schedule: Literal["cosine", "exponential"]
    """How the rate falls."""
    epsilon: Positive
    """Adam's epsilon."""
    clip: Positive
    """Largest global norm of the gradient."""
    penalty: NotNegative
    """Factor of the sum of all squared parameters in the loss."""
    state_noise: NotNegative
    """Standard deviation of the noise added to the state after each word."""


class Toy(Block):
    """The network that learns the toy language."""

    corpus: str
    """Key under ``corpora`` of its reviews."""
    units: Count
    """Hidden units."""
    update_bias: Real
    """Initial bias of the update gate."""
    initial_state_scale: NotNegative
    """Standard deviation of the first state's entries before training."""
    training: ToyTraining
    """How it is trained."""
    starts: Count
    """Starts of the search for slow points."""
    copies: Count
    """Probe reviews of each phrase."""


class Dynamics(SlowPoints):
    """The analysis of one network."""

    points: Count
    """Slow points along the line at which words are compared."""
    word_count: Count
    """A word of written documents is compared if seen so often in training."""
    modifiers: dict[str, Count]
    """For each corpus: words taken as modifiers, the largest change of the input Jacobian first."""
    inserted: Count
    """Words of each sign that are inserted into neutral documents, the strongest first."""
    backgrounds: Count
    """Neutral documents into which words are inserted."""
    background_length: Annotated[Count, Field(ge=18)]
    """Words of such a document."""
    lags: Count
    """Words after a modifier at which its gain is measured."""
    later: Count
    """Steps after which a word's effect counts as lasting."""
    subspace: Count
    """Dimensions of the modifier subspace that is removed."""
    random_subspaces: Count
    """Random subspaces that the removal is compared with."""

    @model_validator(mode="after")
    def _lags_fit_into_backgrounds(self) -> Self:
        # A modifier is inserted a third into a background.
        after = self.background_length - 1 - self.background_length // 3
        if self.lags > after:
            raise contradiction(
                "lags",
                f"in a background of {self.background_length} words (background_length) only "
                f"{after} follow a modifier, and lags is {self.lags}",
            )
        return self


class Baselines(Block):
    """Bags of words that know of modifiers and of positions."""

    documents: Count
    """Training documents of a generated corpus that they are fitted to."""
    penalties: Positives
    """L2 penalties tried on validation, generated documents."""
    written_penalties: Positives
    """L2 penalties tried on validation, written documents."""
    lags: Count
    """Words after a modifier that have a factor of their own."""
    iterations: Count
    """Most iterations of L-BFGS."""
    minimum_count: Count
    """A pair of words counts if seen so often in training."""
    resamples: Count
    """Bootstrap resamples of the test documents."""


class Figures(Block):
    """What the figures show."""

    written: str
    """Corpus of written documents that stands beside the generated one."""
    sentences: dict[str, Annotated[list[str], Field(min_length=3, max_length=3)]]
    """For each corpus: a plain sentence, the same negated, and intensified; words of it."""


class ContextualSentiment(Block):
    """How recurrent networks implement contextual processing in sentiment analysis (ICML 2020)."""

    population: Population
    """Which networks there are."""
    network: NetworkSize
    """Sizes of one network."""
    training: Training
    """How networks are trained."""
    toy: Toy
    """The network that learns the toy language."""
    dynamics: Dynamics
    """The analysis of one network."""
    baselines: Baselines
    """Bags of words that know of modifiers and of positions."""
    figures: Figures
    """What the figures show."""
