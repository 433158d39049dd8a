"""Analysis files of contextual processing for the tests, with gains that are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from unrolled.files import measured_dataset

GAINS = {"not4": -1.0, "not2": -0.9, "very1": 1.8, "very3": 1.7}
SENTENCES = ("a b great c", "a b not great c", "a b very great c d")


def make_modifiers(
    kinds: Sequence[str] = tuple(GAINS),
    *,
    copies: int = 3,
    points: int = 5,
    units: int = 16,
    corpus: str = "ctx",
    cell: str = "gru",
    twin: str = "trained",
    word: str = "{kind}_{number}",
    sentences: Sequence[str] = SENTENCES,
    dead: bool = False,
    seed: int = 0,
) -> xr.Dataset:
    """One analysis file in the agreed format.

    Parameters
    ----------
    kinds : sequence of str
        Of the words taken as modifiers; as many controls follow, dummies in generated documents.
    dead : bool
        A network whose words do nothing: no deflection, no slope.
    """
    rng = np.random.default_rng(seed)
    written = corpus != "ctx"
    found = np.repeat(list(kinds), copies)
    controls = np.repeat("word" if written else "dummy", len(found))
    shown_kinds = np.concatenate([found, controls])
    shown_words = np.array([word.format(kind=k, number=n) for n, k in enumerate(shown_kinds)])
    others = np.repeat("word" if written else "neutral", 20)
    context_kinds = np.concatenate([shown_kinds, others])
    context_words = np.concatenate([shown_words, [f"w{n}" for n in range(20)]])
    gain = np.array([GAINS.get(kind, 1.0) for kind in context_kinds])
    shown_gain = gain[: len(shown_kinds)]
    slopes = gain[:, None] + 0.05 * rng.standard_normal((len(gain), points))
    changes = np.abs(gain - 1) + rng.uniform(0.1, 0.2, len(gain))
    middle = np.linspace(-3, 3, 10)
    course = rng.standard_normal((len(shown_kinds), points, 8, 4)) * 0.5 ** np.arange(8)[:, None]
    lengths = [len(sentence.split()) for sentence in sentences]
    readouts = np.full((len(sentences), 1 + max(lengths)), np.nan)
    for row, length in enumerate(lengths):
        readouts[row, : length + 1] = rng.standard_normal(length + 1).cumsum()
    off_share = rng.uniform(0.9, 1, (len(found), points))
    cosines = rng.uniform(-0.3, 0.3, len(shown_kinds))
    constants = 10.0 / np.arange(1, 11)
    share = 0.5 ** np.arange(1, units + 1)
    if dead:
        slopes[:], off_share[:], cosines[:], constants[:], share[:] = [np.nan] * 5
        course[:] = 0.0
    removed = 1 + 0.1 * (shown_gain - 1)
    random = shown_gain + 0.05 * rng.standard_normal((3, len(shown_kinds)))
    table = {
        "context_word": ("context", context_words, "1"),
        "context_kind": ("context", context_kinds, "1"),
        "context_id": ("context", np.arange(2, 2 + len(gain)), "1"),
        "jacobian_change": ("context", changes + 0.1, "state units per input unit"),
        "jacobian_change_beside": ("context", changes, "state units per input unit"),
        "linear_slope": (("context", "reference_point"), slopes, "1"),
        "reference_logit": ("reference_point", np.linspace(-4, 5, points), "logit"),
    }
    if twin == "trained":
        table |= {
            "shown_id": ("shown_context", np.arange(2, 2 + len(shown_kinds)), "1"),
            "shown_linear_effect": (
                ("shown_context", "effect_word_number"), np.outer(shown_gain, middle), "logit",
            ),
            "shown_true_effect": (
                ("shown_context", "effect_word_number"), 0.8 * np.outer(shown_gain, middle),
                "logit",
            ),
            "middle_effect": ("effect_word_number", middle, "logit"),
            "inserted_word": ("inserted", shown_words, "1"),
            "inserted_kind": ("inserted", shown_kinds, "1"),
            "modifier_id": ("modifier", np.arange(2, 2 + len(found)), "1"),
            "gain": (("lag", "inserted"), np.stack([shown_gain, np.ones_like(shown_gain)]), "1"),
            "linearised_gain": ("inserted", np.ones_like(shown_gain), "1"),
            "removed_gain": ("inserted", removed, "1"),
            "random_gain": (("random_subspace", "inserted"), random, "1"),
            "removed_effect_ratio": ((), 1.02, "1"),
            "removed_accuracy": ((), 0.8 + 0.01 * seed, "1"),
            "kept_accuracy": ((), 0.97, "1"),
            "random_accuracy": ("random_subspace", np.array([0.96, 0.95, 0.97]), "1"),
            "subspace_share": ("axis", share, "1"),
            "deflection": (
                ("followed", "reference_point", "step", "shown_axis_or_line"), course,
                "state units",
            ),
            "initial_projection": ("shown_axis", np.array([0.2, -0.1, 0.3]), "state units"),
            "initial_alignment": ("followed", cosines, "1"),
            **{
                f"{name}_slope{suffix}": (dim, 1 + 0.5 ** np.arange(length), "1")
                for name, suffix, dim, length in (
                    ("begin", "", "position", 25),
                    ("begin", "_immediate", "position", 25),
                    ("begin", "_reset", "position", 25),
                    ("end", "", "delay", 16),
                    ("place", "", "place", 24),
                    ("place", "_reset", "place", 24),
                )
            },
            "off_share": (("modifier", "reference_point"), off_share, "1"),
            "mode_time_constant": ("mode_rank", constants, "tokens"),
            "sentence_logit": (("sentence", "token"), readouts, "logit"),
            "sentence_logit_linearised": (("sentence", "token"), 0.5 * readouts, "logit"),
        }  # fmt: skip
    return measured_dataset(
        {name: (*given, name.replace("_", " ")) for name, given in table.items()},
        {
            "corpus": corpus, "cell": cell, "rank": seed, "twin": twin, "units": units,
            "sentences": " / ".join(sentences),
        },
    )  # fmt: skip
