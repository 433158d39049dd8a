"""Step line_attractor_metrics: every number that a claim is judged by, in one flat dictionary.

The networks of a corpus and cell give a median and a range; the twins give controls.
"""

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from unrolled.dynamics import summarise_line_attractor
from unrolled.files import load_dataset, load_table, save_json
from unrolled.record import run_step
from unrolled.record.claims import judge, read_claims
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


def dynamics(paths: list[str]) -> dict[str, float]:
    """Numbers of all networks: median, low and high of the trained ones, medians of the twins."""
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for path in paths:
        data = load_dataset(path)
        twin = data.attrs["twin"]
        for name, value in summarise_line_attractor(data).items():
            values[f"{data.attrs['corpus']}_{data.attrs['cell']}_{name}", twin].append(value)
    metrics: dict[str, float] = {}
    for (key, twin), several in values.items():
        if twin == "trained":
            metrics[key] = float(np.median(several))
            metrics[f"{key}_low"], metrics[f"{key}_high"] = min(several), max(several)
        else:
            metrics[f"{key}_{twin}"] = float(np.median(several))
    return metrics


with run_step(snakemake) as step:
    metrics = accuracies(load_table(step.input.table)) | dynamics(step.input.networks)
    pairs = {tuple(pair) for pair in step.params.pairs}
    claims = read_claims(step.source(CLAIMS)).claims
    own = [one for one in claims if (one.where.get("corpus"), one.where.get("cell")) in pairs]
    verdicts = judge(own, metrics, step.params.scale)
    (universal,) = (one for one in claims if one.all_of)
    metrics[universal.quantity] = len(cells_that_hold(verdicts, universal.all_of))
    metrics["universal_pairs_possible"] = len(pairs)
    finite = {key: float(value) if np.isfinite(value) else None for key, value in metrics.items()}
    save_json(finite, step.output.metrics)
