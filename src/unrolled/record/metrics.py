"""Numbers of several networks, as one flat dictionary that claims are judged by."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median

TRAINED = "trained"


def population_metrics(
    networks: Iterable[tuple[str, str, Mapping[str, float]]],
) -> dict[str, float]:
    """Median, lowest and highest number of networks that differ in their seed only.

    Parameters
    ----------
    networks : iterable of (str, str, mapping)
        Of each network: what it is (``film_gru``), which twin (``trained``, ``untrained``, ...)
        and its numbers by name.

    Returns
    -------
    dict of str to float
        ``<what>_<name>`` with ``_low`` and ``_high`` for the trained ones,
        ``<what>_<name>_<twin>`` for medians of the others. NaN where one network has no number.
    """
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for what, twin, numbers in networks:
        for name, value in numbers.items():
            values[f"{what}_{name}", twin].append(float(value))
    metrics: dict[str, float] = {}
    for (key, twin), several in values.items():
        # What is not a number compares with none: extremes would depend on the networks' order.
        known = [math.nan] if any(map(math.isnan, several)) else several
        if twin == TRAINED:
            metrics[key] = median(known)
            metrics[f"{key}_low"], metrics[f"{key}_high"] = min(known), max(known)
        else:
            metrics[f"{key}_{twin}"] = median(known)
    return metrics


def finite_metrics(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """The same numbers as JSON can hold them: None for what is not finite."""
    return {key: float(value) if math.isfinite(value) else None for key, value in metrics.items()}
