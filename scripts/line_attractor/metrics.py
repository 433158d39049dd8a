"""Step line_attractor_metrics: every number that a claim is judged by, in one flat dictionary.

The networks of a corpus and cell give a median and a range; the twins give controls.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from unrolled.dynamics import summarise_line_attractor
from unrolled.files import load_dataset, load_table, save_json
from unrolled.record import run_step
from unrolled.record.claims import judge, read_claims
from unrolled.record.metrics import finite_metrics, population_metrics
from unrolled.record.verdicts import cells_that_hold

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

CLAIMS = "workflow/claims/line_attractor.yaml"


def accuracies(rows: list[dict[str, str]]) -> dict[str, float]:
    """Accuracies, and the gaps to the bag of words and to the linear network (points)."""
    table = {(row["corpus"], row["model"]): row for row in rows}
    metrics = {}
    for (corpus, model), row in table.items():
        key = f"{corpus}_{model}"
        for suffix, column in (("", "accuracy"), ("_low", "low"), ("_high", "high")):
            metrics[f"{key}_accuracy{suffix}"] = float(row[column])
        if model == "bag_of_words":
            continue
        bag = float(table[corpus, "bag_of_words"]["accuracy"])
        linear = float(table[corpus, "linear"]["accuracy"])
        for suffix, column in (("", "accuracy"), ("_low", "low"), ("_high", "high")):
            metrics[f"{key}_accuracy_gap{suffix}"] = 100 * (float(row[column]) - bag)
            metrics[f"{key}_linear_gap{suffix}"] = 100 * (float(row[column]) - linear)
        metrics[f"{key}_linear_accuracy"] = linear
    return metrics


def dynamics(paths: list[str]) -> Iterator[tuple[str, str, dict[str, float]]]:
    """What each network is, which twin, and its numbers."""
    for path in paths:
        data = load_dataset(path)
        what = f"{data.attrs['corpus']}_{data.attrs['cell']}"
        yield what, data.attrs["twin"], summarise_line_attractor(data)


with run_step(snakemake) as step:
    metrics = accuracies(load_table(step.input.table))
    metrics |= population_metrics(dynamics(step.input.networks))
    pairs = {tuple(pair) for pair in step.params.pairs}
    claims = read_claims(step.source(CLAIMS)).claims
    own = [one for one in claims if (one.where.get("corpus"), one.where.get("cell")) in pairs]
    verdicts = judge(own, metrics, step.params.scale)
    (universal,) = (one for one in claims if one.all_of)
    metrics[universal.quantity] = len(cells_that_hold(verdicts, universal.all_of))
    metrics["universal_pairs_possible"] = len(pairs)
    save_json(finite_metrics(metrics), step.output.metrics)
