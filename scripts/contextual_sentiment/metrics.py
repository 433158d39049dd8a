"""Step contextual_sentiment_metrics: every number that a claim is judged by.

The networks of a corpus and cell give a median and a range; the twins give controls.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from unrolled.dynamics import (
    summarise_changes,
    summarise_ladder,
    summarise_modifiers,
    summarise_phrases,
)
from unrolled.files import load_dataset, save_json
from unrolled.record import run_step
from unrolled.record.metrics import finite_metrics, population_metrics

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def networks(paths: list[str]) -> Iterator[tuple[str, str, dict[str, float]]]:
    """What each network is, which twin, and its numbers."""
    for path in paths:
        data = load_dataset(path)
        numbers = summarise_changes(data)
        if data.attrs["twin"] == "trained":
            numbers |= summarise_modifiers(data)
        yield f"{data.attrs['corpus']}_{data.attrs['cell']}", data.attrs["twin"], numbers


with run_step(snakemake) as step:
    metrics = population_metrics(networks(step.input.networks))
    toy = summarise_phrases(load_dataset(step.input.toy))
    metrics |= {f"toy_{name}": value for name, value in toy.items()}
    for path in step.input.baselines:
        ladder = load_dataset(path)
        corpus, numbers = ladder.attrs["corpus"], summarise_ladder(ladder)
        metrics |= {f"{corpus}_{name}": value for name, value in numbers.items()}
        # The bag of words is what is left of a network that cannot use context.
        removed = metrics[f"{corpus}_gru_removed_accuracy"]
        metrics[f"{corpus}_gru_removed_gap"] = 100 * (removed - numbers["B0_accuracy"])
    save_json(finite_metrics(metrics), step.output.metrics)
