"""Step corpus: labelled documents as numbers, from a raw file or from a generator."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from unrolled.data import (
    LabelledTexts,
    build_corpus,
    describe_corpus,
    generated_corpus,
    read_film,
    read_foods,
    read_imdb,
    read_sst,
    read_yelp,
    save_corpus,
)
from unrolled.record import run_step
from unrolled.tasks import GeneratedReviews, generate_reviews, generate_toy_reviews

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

READERS: dict[str, Callable[..., LabelledTexts]] = {
    "film": read_film,
    "foods": read_foods,
    "imdb": read_imdb,
    "yelp": read_yelp,
    "sst": read_sst,
}
GENERATORS: dict[str, Callable[..., GeneratedReviews]] = {
    "generated": generate_reviews,
    "toy": generate_toy_reviews,
}
# Settings that a reader is told; the others are for building.
OF_READERS = {"minimum_rating"}
BALANCED = {"foods"}

with run_step(snakemake) as step:
    name, source = step.wildcards.corpus, step.params.source
    settings = dict(step.params.settings)
    kind = settings.pop("kind")
    if kind in GENERATORS:
        sizes = settings.pop("documents")
        parts = {
            split: GENERATORS[kind](n, step.generator("corpus", name, split), **settings)
            for split, n in sizes.items()
        }
        corpus = generated_corpus(parts, name=name, settings=settings)
    else:
        of_reader = {key: settings.pop(key) for key in OF_READERS & set(settings)}
        texts = READERS[kind](step.input.archives[0], source, **of_reader)
        corpus = build_corpus(
            texts,
            name=name,
            **settings,
            balance=kind in BALANCED,
            seed=int(step.generator("corpus", name).integers(2**31)),
            attrs={
                "title": source["title"],
                "source": source["home"],
                "licence": source["licence"],
                "citation": source["citation"],
            },
        )
    save_corpus(corpus, step.output.corpus, step.output.vocabulary)
    step.log.info("%s", describe_corpus(corpus))
