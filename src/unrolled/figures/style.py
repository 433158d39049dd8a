"""One look for every figure: colours, type, sizes, panel letters, words instead of empty panels.

Colours are those of Okabe and Ito, which the common kinds of colour blindness keep apart; wherever
two things meet in one panel they also differ in lightness, line style or marker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

#: Inches; the text block of a journal page.
PAGE_WIDTH = 7.0

BLACK, GREY, LIGHT = "#000000", "#808080", "#d0d0d0"
BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
VERMILION, ORANGE, PURPLE = "#D55E00", "#E69F00", "#CC79A7"

#: Of a document's label or a word's class: colour, marker, line style.
VALENCES: Mapping[str, tuple[str, str, str]] = {
    "negative": (VERMILION, "v", "--"),
    "neutral": (GREY, "o", ":"),
    "positive": (BLUE, "^", "-"),
}

#: Of a network and its twins: colour, line style.
TWINS: Mapping[str, tuple[str, str]] = {
    "trained": (BLACK, "-"),
    "untrained": (ORANGE, "--"),
    "shuffled": (PURPLE, ":"),
}

#: How a twin is called in a legend.
TWIN_NAMES: Mapping[str, str] = {
    "trained": "trained",
    "untrained": "untrained",
    "shuffled": "trained on shuffled labels",
}

#: Of a kind of word: colour, marker, line style. Words that negate are warm, words that
#: intensify cool, words without a gain of their own grey or purple.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "not4": (VERMILION, "v", "-"),
    "not2": (ORANGE, "<", "--"),
    "very1": (SKY, ">", "--"),
    "very3": (BLUE, "^", "-"),
    "valence": (PURPLE, "s", "-."),
    "neutral": ("#b0b0b0", "o", ":"),
    "dummy": (GREY, "D", ":"),
    "word": (GREY, "o", "-"),
    "found": (BLACK, "o", "-"),
    "control": (GREY, "D", ":"),
}

#: How a kind of word is called in a legend; the number is how many words a modifier reaches.
KIND_NAMES: Mapping[str, str] = {
    "not4": "not (4)",
    "not2": "not (2)",
    "very1": "very (1)",
    "very3": "very (3)",
    "valence": "valence",
    "neutral": "neutral",
    "dummy": "dummy",
    "word": "word",
    "found": "found",
    "control": "control",
}

#: How a model is called in a title or a table.
MODEL_NAMES: Mapping[str, str] = {
    "bag_of_words": "Bag of words",
    "linear": "Linear RNN",
    "vanilla": "Vanilla RNN",
    "ugrnn": "UGRNN",
    "gru": "GRU",
    "gru_reset_after": "GRU (reset after)",
    "lstm": "LSTM",
}

#: Of a network's cell or nonlinearity: colour, marker, line style. The cell without gates is warm.
NETWORKS: Mapping[str, tuple[str, str, str]] = {
    "vanilla": (VERMILION, "o", "-"),
    "ugrnn": (SKY, "s", "--"),
    "gru": (BLUE, "^", "-."),
    "lstm": (GREEN, "D", ":"),
    "tanh": (BLACK, "o", "-"),
    "relu": (ORANGE, "v", "--"),
}

#: How a cell or nonlinearity is called in a legend.
NETWORK_NAMES: Mapping[str, str] = {
    "vanilla": "vanilla",
    "ugrnn": "UGRNN",
    "gru": "GRU",
    "lstm": "LSTM",
    "tanh": "tanh",
    "relu": "ReLU",
}

#: Position along a manifold: from dark to light, so that it survives greyscale.
POSITION_COLOURS = "viridis"

#: From "speaks for negative" over grey to "speaks for positive".
VALENCE_COLOURS = LinearSegmentedColormap.from_list("valence", [VERMILION, "#b8b8b8", BLUE])

#: From a low to a high value of what a network was asked for: blue, red, orange, ever lighter.
GRADED_COLOURS = LinearSegmentedColormap.from_list(
    "graded", mpl.colormaps["plasma"](np.linspace(0.0, 0.8, 64))
)

_SETTINGS: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same on every machine
    "mathtext.fontset": "dejavusans",
    "font.size": 8.0,
    "axes.labelsize": 8.0,
    "axes.titlesize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "legend.borderaxespad": 0.3,
    "legend.labelspacing": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.labelpad": 2.5,
    "axes.unicode_minus": True,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "lines.linewidth": 1.2,
    "patch.linewidth": 0.7,
    "image.interpolation": "nearest",
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.05,
    "figure.constrained_layout.hspace": 0.03,
    "figure.constrained_layout.wspace": 0.03,
    "pdf.fonttype": 42,  # outlines that a reader's program can search and edit
    "pdf.compression": 6,
    "savefig.dpi": 200.0,
}


@contextmanager
def publication_style() -> Iterator[None]:
    """Draw in the style of the project, whatever the person's own matplotlib settings say.

    Figures are made, drawn and saved inside; afterwards the former settings are back.

    Examples
    --------
    >>> with publication_style():
    ...     figure = make_figure(height=2.0)
    >>> float(figure.get_figwidth())
    7.0
    """
    with mpl.rc_context():
        kept = {"backend", "backend_fallback"}
        mpl.rcParams.update({k: v for k, v in mpl.rcParamsDefault.items() if k not in kept})
        mpl.rcParams.update(_SETTINGS)  # type: ignore[arg-type]  # its keys are typed one by one
        yield


def make_figure(*, height: float, width: float = PAGE_WIDTH) -> Figure:
    """An empty figure on the Agg canvas, its panels laid out so that nothing overlaps.

    Parameters
    ----------
    height : float
        Inches.
    width : float, default 7
        Inches.

    Returns
    -------
    matplotlib.figure.Figure
        Not known to pyplot, so it is gone when its last reference is.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def letter_panel(axes: Axes, letter: str, title: str = "") -> Axes:
    """Put the panel's letter at the upper left and its title, if any, beside it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    letter : str
        As in the paper.
    title : str, optional
        A few words.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.set_title(letter, loc="left", fontweight="bold", fontsize=9.0)
    if title:
        axes.set_title(title, loc="center")
    return axes


def explain_above(axes: Axes, *, entries: int = 5) -> Axes:
    """Legend in one line above a panel, reaching over its neighbours to the right.

    For rows of panels that share a legend: it never lies on data. Leave room above the row, for
    instance by a title with ``pad=18``.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The leftmost panel.
    entries : int, default 5
        In one line.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    if axes.get_legend_handles_labels()[0]:
        legend = axes.legend(
            loc="lower left",
            bbox_to_anchor=(0.14, 1.0),
            ncols=entries,
            columnspacing=1.2,
            handletextpad=0.4,
        )
        legend.set_in_layout(False)  # else the panel would shrink until its legend fits above it
    return axes


def legend_above(axes: Axes) -> Axes:
    """Legend in one line at the top of a panel, which grows so that it lies on no data.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.25 * (high - low))
    axes.legend(loc="upper center", ncols=2, columnspacing=1.0, handletextpad=0.4)
    return axes


def look_of(kind: str) -> tuple[str, str, str]:
    """Colour, marker and line style of a kind of word; a kind without its own is green.

    Examples
    --------
    >>> look_of("not4")
    ('#D55E00', 'v', '-')
    >>> look_of("soft")
    ('#009E73', 'P', '-')
    """
    return KINDS.get(kind, (GREEN, "P", "-"))


def grade(values: ArrayLike) -> NDArray[np.float64]:
    """Colours from the lowest to the highest of some numbers.

    Parameters
    ----------
    values : array_like of shape (n,)

    Returns
    -------
    ndarray of shape (n, 4)
        Red, green, blue and opacity.
    """
    values = np.asarray(values, dtype=float)
    span = float(np.ptp(values)) or 1.0
    return np.asarray(GRADED_COLOURS((values - values.min()) / span))


def kinds_of(kinds: Iterable[str]) -> list[str]:
    """The kinds that occur, in the order of `KINDS`; unknown ones last, by name.

    Examples
    --------
    >>> kinds_of(["dummy", "not4", "dummy", "soft"])
    ['not4', 'dummy', 'soft']
    """
    found = {str(kind) for kind in kinds}
    return [kind for kind in KINDS if kind in found] + sorted(found - set(KINDS))


def signed(position: float) -> str:
    """A position in two digits with its sign, never a negative zero.

    Examples
    --------
    >>> signed(-0.001), signed(0.5), signed(-1)
    ('0.00', '+0.50', '−1.00')
    """
    rounded = round(float(position), 2)
    return "0.00" if rounded == 0 else f"{rounded:+.2f}".replace("-", "−")


def say(axes: Axes, text: str) -> Axes:
    """Words in the middle of a panel that has nothing to draw.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; its ticks are removed.
    text : str
        Why there is nothing to see.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY, wrap=True
    )
    axes.set_xticks([])
    axes.set_yticks([])
    return axes


def name_pair(attributes: Mapping[str, Any]) -> str:
    """What network and what documents an analysis file is about, for a title.

    Examples
    --------
    >>> name_pair({"cell": "gru", "corpus": "film"})
    'GRU, film'
    """
    cell = str(attributes.get("cell", "network"))
    return f"{MODEL_NAMES.get(cell, cell)}, {attributes.get('corpus', 'documents')}"
