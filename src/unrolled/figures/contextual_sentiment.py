"""The panels of the figures on contextual processing, drawn from the analysis file of a network.

Each function draws one panel and hands back the numbers it drew. How a panel looks is decided by
the general functions that it calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .modifier_subspace import (
    draw_accuracies_without,
    draw_alignments,
    draw_deflection_lengths,
    draw_deflection_paths,
    draw_effect_ratios,
    draw_gain_changes,
    draw_gains_without,
    draw_off_shares,
    draw_subspace_shares,
)
from .modifiers import (
    draw_effects_after,
    draw_gain_pairs,
    draw_ranking,
    draw_sentences,
    draw_slopes,
    draw_slopes_against_change,
    name_ranked,
    write_sentences,
)
from .numbers import join_numbers, take_numbers
from .style import GREY, kinds_of, name_pair

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    Networks = Mapping[str, xr.Dataset]


def sentences_panel(
    axes: Axes, trained: xr.Dataset, *, linearised: bool = False, prefix: str = ""
) -> xr.Dataset:
    """Readout along the probe sentences, of the network or of its line attractor alone."""
    name = "sentence_logit_linearised" if linearised else "sentence_logit"
    draw_sentences(axes, trained[name].values)
    if linearised:
        write_sentences(axes, trained.attrs["sentences"].split(" / "))
    return take_numbers(trained, [name], prefix=prefix)


def gain_pairs_panel(axes: Axes, trained: xr.Dataset, *, prefix: str = "") -> xr.Dataset:
    """Gain of context words on the next word, in the network and in its line attractor alone."""
    draw_gain_pairs(
        axes, _inserted_kinds(trained), trained.gain.values[0], trained.linearised_gain.values
    )
    return take_numbers(
        trained, ["gain", "linearised_gain", "inserted_word", "inserted_kind"], prefix=prefix
    )


def _inserted_kinds(trained: xr.Dataset) -> np.ndarray:
    """Kinds of the words taken as modifiers and of their controls.

    Written words are all of one kind: there they are called ``found`` and ``control``.
    """
    kinds = trained.inserted_kind.values.astype(object)
    role = np.where(np.arange(len(kinds)) < trained.sizes["modifier"], "found", "control")
    return np.where(kinds == "word", role, kinds)


def ranking_panel(
    axes: Axes, networks: Networks, *, marked: Sequence[str] = (), top: int = 0, prefix: str = ""
) -> xr.Dataset:
    """Words by their change of the input Jacobian, with the twins; some of them named."""
    trained = networks["trained"]
    changes = {twin: data.jacobian_change_beside.values for twin, data in networks.items()}
    draw_ranking(
        axes,
        trained.context_kind.values,
        changes["trained"],
        plain=trained.jacobian_change.values,
        twins={twin: values for twin, values in changes.items() if twin != "trained"},
    )
    missing = name_ranked(axes, trained.context_word.values, changes["trained"], marked, top=top)
    if missing:
        axes.text(
            0.02, 0.02, f"too rare to be ranked: {', '.join(missing)}", fontsize=6, color=GREY,
            transform=axes.transAxes,
        )  # fmt: skip
    names = ["context_word", "context_kind", "jacobian_change", "jacobian_change_beside"]
    return join_numbers(
        [
            take_numbers(trained, names, prefix=prefix),
            *(
                take_numbers(data, names[-1:], prefix=_joined(prefix, twin))
                for twin, data in networks.items()
                if twin != "trained"
            ),
        ]
    )


def _joined(*parts: str) -> str:
    return "_".join(part for part in parts if part)


def effects_after_panel(axes: Axes, trained: xr.Dataset, kinds: Sequence[str]) -> xr.Dataset:
    """Word effects after the first context word of each kind, at the middle of the line."""
    middle = int(np.abs(trained.reference_logit.values).argmin())
    row_of = {int(number): row for row, number in enumerate(trained.context_id.values)}
    shown = _inserted_kinds(trained)
    after = []
    for kind in kinds:
        for number in np.flatnonzero(shown == kind)[:1]:
            row = row_of[int(trained.shown_id.values[number])]
            after.append(
                {
                    "word": trained.inserted_word.values[number],
                    "kind": kind,
                    "linear": trained.shown_linear_effect.values[number],
                    "true": trained.shown_true_effect.values[number],
                    "slope": trained.linear_slope.values[row, middle],
                }
            )
    draw_effects_after(axes, trained.middle_effect.values, after)
    return take_numbers(
        trained,
        ["shown_id", "shown_linear_effect", "shown_true_effect", "middle_effect", "linear_slope",
         "context_id", "reference_logit"],
    )  # fmt: skip


def slopes_panel(axes: Axes, trained: xr.Dataset) -> xr.Dataset:
    """Slopes of word effects after every context word, by its kind."""
    draw_slopes(axes, trained.context_kind.values, trained.linear_slope.values)
    return take_numbers(trained, ["linear_slope", "context_kind"])


def slopes_against_change_panel(
    axes: Axes, trained: xr.Dataset, marked: Sequence[str], *, prefix: str = ""
) -> xr.Dataset:
    """Mean slope over the line after every word, against its change of the input Jacobian."""
    draw_slopes_against_change(
        axes,
        trained.context_word.values,
        trained.jacobian_change_beside.values,
        trained.linear_slope.values.mean(axis=1),
        marked,
    )
    return take_numbers(
        trained, ["context_word", "jacobian_change_beside", "linear_slope"], prefix=prefix
    )


def subspace_shares_panel(axes: Axes, networks: Networks) -> xr.Dataset:
    """Cumulative share of the deflections off the line, for several networks."""
    draw_subspace_shares(
        axes, {name_pair(data.attrs): data.subspace_share.values for data in networks.values()}
    )
    return join_numbers(
        take_numbers(data, ["subspace_share"], prefix=name) for name, data in networks.items()
    )


def deflection_paths_panel(axes: Axes, trained: xr.Dataset) -> xr.Dataset:
    """Ways of words into the modifier subspace and back, at the middle of the line."""
    middle = int(np.abs(trained.reference_logit.values).argmin())
    draw_deflection_paths(
        axes,
        _inserted_kinds(trained),
        trained.deflection.values[:, middle, :, :2],
        initial=trained.initial_projection.values,
    )
    return take_numbers(
        trained, ["deflection", "initial_projection", "reference_logit", "inserted_kind"]
    )


def deflection_lengths_panel(axes: Axes, trained: xr.Dataset, modes: Sequence[int]) -> xr.Dataset:
    """Length of deflections inside the shown axes against time, with some modes' decay."""
    inside = trained.deflection.values[..., :-1]  # the last entry lies along the line
    constants = trained.mode_time_constant.values
    draw_deflection_lengths(
        axes,
        _inserted_kinds(trained),
        np.sqrt((inside**2).sum(axis=-1)),
        time_constants=constants[[mode for mode in modes if mode < len(constants)]],
    )
    return take_numbers(trained, ["deflection", "mode_time_constant", "inserted_kind"])


def off_shares_panel(axes: Axes, trained: xr.Dataset, written: xr.Dataset) -> xr.Dataset:
    """Share of the deflection off the line of every word taken as a modifier, at every point."""
    both = {"": trained, "written": written}
    kinds, shares = [], []
    for data in both.values():
        own = data.off_share.values
        kinds.append(np.repeat(_inserted_kinds(data)[: len(own)], own.shape[1]))
        shares.append(own.ravel())
    draw_off_shares(
        axes,
        np.concatenate(kinds),
        np.concatenate(shares),
        chance=1 - 1 / int(trained.attrs["units"]),
    )
    return join_numbers(
        take_numbers(data, ["off_share", "inserted_kind"], prefix=prefix)
        for prefix, data in both.items()
    )


def initial_alignment_panel(axes: Axes, networks: Networks) -> xr.Dataset:
    """Cosine of the first state and each word's deflection, both off the line."""
    draw_alignments(
        axes,
        [_inserted_kinds(data) for data in networks.values()],
        [data.initial_alignment.values for data in networks.values()],
        chance=int(next(iter(networks.values())).attrs["units"]) ** -0.5,
    )
    return join_numbers(
        take_numbers(data, ["initial_alignment", "inserted_kind"], prefix=name)
        for name, data in networks.items()
    )


def gains_without_panel(axes: Axes, networks: Networks) -> xr.Dataset:
    """Gains by kind with and without the subspace: median and range over networks."""
    kinds = kinds_of(kind for data in networks.values() for kind in _inserted_kinds(data))
    draw_gains_without(
        axes,
        kinds,
        [_means(data.gain.values[0], data, kinds) for data in networks.values()],
        [_means(data.removed_gain.values, data, kinds) for data in networks.values()],
        [_means(data.random_gain.values, data, kinds) for data in networks.values()],
    )
    return join_numbers(
        take_numbers(data, ["gain", "removed_gain", "random_gain", "inserted_kind"], prefix=name)
        for name, data in networks.items()
    )


def _means(gains: np.ndarray, data: xr.Dataset, kinds: Sequence[str]) -> np.ndarray:
    """Means (..., n_kinds) of gains (..., n_words) over the words of each kind."""
    own = _inserted_kinds(data)
    return np.stack(
        [
            gains[..., own == kind].mean(axis=-1)
            if (own == kind).any()
            else np.full(gains.shape[:-1], np.nan)
            for kind in kinds
        ],
        axis=-1,
    )


def gain_changes_panel(
    axes: Axes, trained: xr.Dataset, *, named: int, prefix: str = ""
) -> xr.Dataset:
    """Gain of each word with and without the subspace."""
    draw_gain_changes(
        axes,
        trained.inserted_word.values,
        trained.gain.values[0],
        trained.removed_gain.values,
        trained.sizes["modifier"],
        named=named,
    )
    return take_numbers(trained, ["gain", "removed_gain", "inserted_word"], prefix=prefix)


def accuracies_without_panel(axes: Axes, columns: Mapping[str, Networks]) -> xr.Dataset:
    """Accuracies with and without the subspace, a column for each kind of documents.

    Where an analysis file says how good a bag of words is on its documents (attribute
    ``words_accuracy``), a line shows it.
    """
    names = ["kept_accuracy", "removed_accuracy", "random_accuracy"]
    whole, removed, random = (
        [np.concatenate([np.atleast_1d(data[name].values) for data in one.values()])
         for one in columns.values()]
        for name in names
    )  # fmt: skip
    words = [
        float(next(iter(one.values())).attrs.get("words_accuracy", np.nan))
        for one in columns.values()
    ]
    draw_accuracies_without(axes, list(columns), whole, removed, random, words_accuracy=words)
    return _of_columns(columns, names)


def effect_ratios_panel(axes: Axes, columns: Mapping[str, Networks]) -> xr.Dataset:
    """Plain word effects without the subspace against those with it."""
    name = "removed_effect_ratio"
    draw_effect_ratios(
        axes, list(columns),
        [[float(data[name]) for data in one.values()] for one in columns.values()],
    )  # fmt: skip
    return _of_columns(columns, [name])


def _of_columns(columns: Mapping[str, Networks], names: Sequence[str]) -> xr.Dataset:
    return join_numbers(
        take_numbers(data, names, prefix=name)
        for one in columns.values()
        for name, data in one.items()
    )
