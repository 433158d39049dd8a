"""Settings of the labelled documents, written by people or generated."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from unrolled.settings.values import (
    Block,
    Count,
    NotNegative,
    OptionalCount,
    PartShare,
    Positive,
    Share,
    contradiction,
)


class Written(Block):
    """Documents that people wrote."""

    tokeniser: Literal["words", "wordpiece"]
    """How text becomes tokens: whole words, or pieces of words learned from training text."""
    vocabulary: Annotated[Count, Field(ge=3)]
    """Most tokens to tell apart, padding and unknown among them."""
    minimum_count: Count
    """A word seen less often in training is unknown."""
    longest: Count
    """Documents with more tokens than this are dropped."""
    validation: Annotated[PartShare, Field(gt=0)]
    """Share of the documents that chooses the best epoch."""
    limit: OptionalCount
    """Keep only so many documents; null keeps all."""


class WrittenUnsplit(Written):
    """Documents whose source does not say which are for testing."""

    test: Annotated[PartShare, Field(gt=0)]
    """Share of the documents that is only looked at in the end."""

    @model_validator(mode="after")
    def _something_is_left_to_train_on(self) -> Self:
        if self.validation + self.test >= 1:
            raise contradiction(
                "test",
                f"validation ({self.validation}) and test ({self.test}) leave nothing to train "
                "on: their sum has to be below 1",
            )
        return self


class Film(WrittenUnsplit):
    """Sentences of film reviews with the mean of some twenty people's ratings."""

    kind: Literal["film"]
    """Which documents these are."""
    minimum_rating: Annotated[NotNegative, Field(lt=4)]
    """Sentences whose mean rating (-4 to 4) is nearer to neutral are dropped."""


class Foods(WrittenUnsplit):
    """Customers' reviews of food: top rating against the rest, balanced."""

    kind: Literal["foods"]
    """Which documents these are."""


class Imdb(Written):
    """Film reviews of the Internet Movie Database (Maas et al. 2011)."""

    kind: Literal["imdb"]
    """Which documents these are."""


class Yelp(Written):
    """Reviews of businesses, one or two stars against three or four (Zhang et al. 2015)."""

    kind: Literal["yelp"]
    """Which documents these are."""


class Sst(Written):
    """Sentences of the Stanford Sentiment Treebank (Socher et al. 2013)."""

    kind: Literal["sst"]
    """Which documents these are."""


class Parts(Block):
    """How many documents to generate for each use."""

    train: Count
    """Documents to train on."""
    validation: Count
    """Documents that choose the best epoch."""
    test: Count
    """Documents that are only looked at in the end."""


class Generated(Block):
    """Documents drawn from a model of words, of which everything is known."""

    kind: Literal["generated"]
    """Which documents these are."""
    documents: Parts
    """Number of documents for each use."""
    length: Annotated[list[Count], Field(min_length=2, max_length=2)]
    """Shortest and longest document, in words."""
    valence_share: Annotated[Share, Field(gt=0)]
    """Share of words that carry a valence."""
    modifier_share: Share
    """Share of words that change the valence of what follows; as many dummies do nothing."""
    begin_weight: NotNegative
    """Extra weight of the first word."""
    end_weight: NotNegative
    """Extra weight of the last word."""
    position_time: Positive
    """Words over which the two extra weights decay."""

    @model_validator(mode="after")
    def _lengths_and_shares_are_possible(self) -> Self:
        shortest, longest = self.length
        if shortest > longest:
            raise contradiction(
                "length",
                f"the shortest document ({shortest}) is longer than the longest ({longest})",
            )
        if self.valence_share + 2 * self.modifier_share > 1:
            raise contradiction(
                "valence_share",
                f"valence_share ({self.valence_share}) and twice modifier_share "
                f"({self.modifier_share}, with as many dummies) are more than 1",
            )
        return self


class Toy(Block):
    """Reviews in a language of twelve words, with a running sum of their values to tell."""

    kind: Literal["toy"]
    """Which documents these are."""
    documents: Parts
    """Number of documents for each use."""
    length: Annotated[Count, Field(ge=10)]
    """Words in a document."""
    legacy_very: bool
    """Leave `very very` alone, as the published reviews do."""


Corpus = Annotated[Film | Foods | Imdb | Yelp | Sst | Generated | Toy, Field(discriminator="kind")]
