"""The whole configuration, and what its blocks have to agree on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from unrolled.settings.contextual_sentiment import ContextualSentiment
from unrolled.settings.corpora import Corpus
from unrolled.settings.line_attractor import LineAttractor
from unrolled.settings.universality import Universality
from unrolled.settings.values import CELLS, Block, Seed, contradiction

SCALES = ("smoke", "demo", "paper")

# Names become parts of file names, where an underscore separates corpus, cell and number.
CorpusName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)
]
# Corpora whose documents have one label each, which networks are trained to tell.
LABELLED = ("film", "foods", "imdb", "yelp", "sst", "generated")
# Figures and claims of the paper on contexts are about the GRUs of these two corpora.
CONTEXTS = ("ctx", "ctx_nopos")


class Settings(Block):
    """Everything a run of Unrolled can be told."""

    scale: Literal["smoke", "demo", "paper"]
    """How much to compute: a minute, minutes, or the published sizes."""
    seed: Seed
    """The root of every random number."""
    trace: bool
    """Whether each step notes every file that it opens, for the audit."""
    corpora: Annotated[dict[CorpusName, Corpus], Field(min_length=1)]
    """Labelled documents, by name."""
    line_attractor: LineAttractor
    """The paper on sentiment classification and line attractors."""
    contextual_sentiment: ContextualSentiment
    """The paper on words that change other words."""
    universality: Universality
    """The paper on what networks of different architectures have in common."""

    @model_validator(mode="after")
    def _networks_have_a_corpus(self) -> Self:
        networks = self.line_attractor.population.networks
        for name in networks:
            self._check_kind(f"line_attractor.population.networks.{name}", name, LABELLED)
        for name, count in self.line_attractor.population.analysed.items():
            if name not in networks:
                raise contradiction(
                    f"line_attractor.population.analysed.{name}",
                    f"there are no networks of {name!r} to analyse. There are some of: "
                    f"{', '.join(sorted(networks))}",
                )
            if count > networks[name] > 0:
                raise contradiction(
                    f"line_attractor.population.analysed.{name}",
                    f"{count} are to be analysed, but line_attractor.population.networks.{name} "
                    f"is {networks[name]}",
                )
        if not any(networks.values()):
            raise contradiction(
                "line_attractor.population.networks",
                "every number is 0, so there is nothing to train; give one corpus at least 1",
            )
        return self

    @model_validator(mode="after")
    def _exceptions_are_about_networks(self) -> Self:
        for paper in ("line_attractor", "contextual_sentiment"):
            for name in getattr(self, paper).training.exceptions:
                corpus, _, cell = name.rpartition("_")
                if name not in self.corpora and not (corpus in self.corpora and cell in CELLS):
                    raise contradiction(
                        f"{paper}.training.exceptions.{name}",
                        "an exception is named by a corpus, or by corpus_cell. Corpora are: "
                        f"{', '.join(sorted(self.corpora))}; cells: {', '.join(CELLS)}",
                    )
        return self

    @model_validator(mode="after")
    def _figures_show_networks_that_exist(self) -> Self:
        population = self.line_attractor.population
        corpora = [name for name, count in population.networks.items() if count]
        for key, (corpus, cell) in _pairs(self.line_attractor):
            if corpus not in corpora:
                raise contradiction(
                    key,
                    f"no network is trained on {corpus!r}; line_attractor.population.networks "
                    f"has {', '.join(corpora)}",
                )
            if cell not in population.cells:
                raise contradiction(
                    key,
                    f"no network has the cell {cell!r}; line_attractor.population.cells has "
                    f"{', '.join(population.cells)}",
                )
        return self

    @model_validator(mode="after")
    def _contexts_have_corpora(self) -> Self:
        paper, population = "contextual_sentiment", self.contextual_sentiment.population
        toy = self.contextual_sentiment.toy.corpus
        self._check_kind(f"{paper}.toy.corpus", toy, ("toy",))
        for name in population.networks:
            self._check_kind(f"{paper}.population.networks.{name}", name, ("generated",))
        for name in CONTEXTS:
            if "gru" not in population.networks.get(name, []):
                raise contradiction(
                    f"{paper}.population.networks",
                    f"figures and claims are about GRUs trained on {name!r}; add {name}: [gru]",
                )
        first = self.line_attractor.population
        for number, name in enumerate(population.written):
            if not first.networks.get(name) or "gru" not in first.cells:
                raise contradiction(
                    f"{paper}.population.written.{number}",
                    f"the first paper trains no GRU on {name!r}; see "
                    "line_attractor.population.networks and .cells",
                )
        for name, count in population.analysed.items():
            corpus, _, cell = name.rpartition("_")
            if count > population.number or cell not in population.networks.get(corpus, []):
                raise contradiction(
                    f"{paper}.population.analysed.{name}",
                    f"{count} are to be analysed, but there are {population.number} networks of "
                    "each corpus and cell that population.networks names",
                )
        needed: dict[str, dict[str, Any]] = {
            "dynamics.modifiers": self.contextual_sentiment.dynamics.modifiers,
            "figures.sentences": self.contextual_sentiment.figures.sentences,
        }
        for key, given in needed.items():
            for name in [*population.networks, *population.written]:
                if name not in given:
                    raise contradiction(
                        f"{paper}.{key}", f"it says nothing about {name!r}; add {name}: …"
                    )
        if self.contextual_sentiment.figures.written not in population.written:
            raise contradiction(
                f"{paper}.figures.written",
                f"no network reads it; {paper}.population.written has "
                f"{', '.join(population.written)}",
            )
        return self

    @model_validator(mode="after")
    def _populations_can_be_compared(self) -> Self:
        paper, settings = "universality", self.universality
        tasks, population = settings.tasks, settings.population
        if not tasks.sine.slowest < tasks.sine.fastest < 3.14:
            raise contradiction(
                f"{paper}.tasks.sine.fastest",
                f"{tasks.sine.fastest} rad/step has to lie above slowest ({tasks.sine.slowest}) "
                "and below pi",
            )
        least = min(population.networks.model_dump().values())
        shown = min(settings.evaluation.examples, settings.evaluation.trials)
        for key, value, known in (
            ("population.controls", population.controls, least),
            ("figures.member", settings.figures.member + 1, least),
            ("figures.trial", settings.figures.trial + 1, shown),
        ):
            if value > known:
                raise contradiction(f"{paper}.{key}", f"there are only {known} to choose from")
        return self

    def _check_kind(self, key: str, name: str, kinds: tuple[str, ...]) -> None:
        """A corpus that exists and is of one of some kinds."""
        known = sorted(one for one, corpus in self.corpora.items() if corpus.kind in kinds)
        if name not in known:
            raise contradiction(
                key,
                f"there is no corpus {name!r} of the kind {' or '.join(kinds)}. There are: "
                f"{', '.join(known) or 'none'}",
            )


def _pairs(settings: LineAttractor) -> Iterator[tuple[str, list[str]]]:
    """Key and value of each [corpus, cell] that a figure asks for."""
    figures = settings.figures
    yield "line_attractor.figures.headline", figures.headline
    yield "line_attractor.figures.activations", figures.activations
    for number, pair in enumerate(figures.pairs):
        yield f"line_attractor.figures.pairs.{number}", pair
