"""``unrolled fixed-points``: where a network of a person's own stands still, and how."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unrolled import __version__

if TYPE_CHECKING:
    from .models import Model
    from .portrait import PointSet, Portrait

NAME = "fixed-points"
SUMMARY = "Find the fixed points of a recurrent network and the linear dynamics at them."
EXAMPLE = """\
A folder with the numbers (fixed_points.nc), a figure (PDF, PNG) and a page (index.html):

  unrolled fixed-points gru.keras --states states.npz --out portrait
  unrolled fixed-points rnn.safetensors --kind rnn_relu --states states.npy --input x.npy \\
      --slow 0.1 --out portrait

docs/own_network.md goes through it step by step.
"""

#: q of a fixed point where a step is computed in single precision.
SINGLE_PRECISION_TOLERANCE = 1e-12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add = parser.add_argument
    add("model", type=Path, help="a Keras model (.keras), or weights (.safetensors) of PyTorch's "
        "nn.RNN, nn.GRU, nn.LSTM or of a network of ours")  # fmt: skip
    add("--states", type=Path, required=True, metavar="FILE", help="visited states, (n, d) or "
        "(n, T, d), as .npz, .npy or .nc; rows of NaN are padding")  # fmt: skip
    add("--input", type=Path, metavar="FILE", help="the input vector that is held while the "
        "state moves, as .npz, .npy or .nc (default: zeros)")  # fmt: skip
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    add("--layer", metavar="NAME", help="which one, where the file holds several: a Keras layer, "
        "the prefix of PyTorch's weights, or a network of ours")  # fmt: skip
    add("--kind", help="of PyTorch's weights, where the shapes do not tell: rnn_tanh or rnn_relu")
    add("--starts", type=_positive(int), default=1024, metavar="N", help="starts of the search, "
        "drawn from the states (default: %(default)s)")  # fmt: skip
    add("--tolerance", type=_positive(float), metavar="Q", help="largest q = |F(h) - h|^2 / 2 of "
        "a fixed point (default: 1e-20, or 1e-12 for a cell that runs in float32)")  # fmt: skip
    add("--slow", type=_positive(float), metavar="SHARE", help="look for slow points too: those "
        "whose step is at most this share of the median step along the states")  # fmt: skip
    add("--seed", type=int, default=0, help="of the starts (default: %(default)s)")


def run(arguments: argparse.Namespace) -> None:
    """Read, search, write, and say what was found.

    Raises
    ------
    ValueError
        If a file is not what is needed; the message says what was found and expected.
    OSError
        If a file is missing or the folder cannot be written.
    """
    from .arrays import read_input, read_states
    from .models import read_model
    from .portrait import portray

    model = read_model(arguments.model, layer=arguments.layer, kind=arguments.kind)
    cell = model.cell
    print(f"Network: {model.origin}: {model.description}")
    visited = read_states(arguments.states, width=cell.state_size, units=cell.units)
    print(f"States:  {visited}")
    inputs = np.zeros(cell.inputs)
    if arguments.input is not None:
        inputs = read_input(arguments.input, width=cell.inputs)
    print(f"Input:   {_held(arguments, inputs)}")
    tolerance = arguments.tolerance
    if tolerance is None:
        tolerance = SINGLE_PRECISION_TOLERANCE if model.is_single_precision else 1e-20
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(f"Searching from {arguments.starts:,} starts …", flush=True)
    portrait = portray(
        cell.autonomous(inputs=inputs),
        visited,
        inputs,
        starts=arguments.starts,
        tolerance=tolerance,
        slow=arguments.slow,
        seed=arguments.seed,
    )
    for line in findings(portrait):
        print(line)
    _write(arguments, model, portrait, tolerance)
    print(f"Wrote {arguments.out}: index.html, fixed_points.nc, fixed_points.pdf, fixed_points.png")


def findings(portrait: Portrait) -> list[str]:
    """What was found, in sentences."""
    exact, slow = portrait.exact, portrait.slow
    lines = [f"{exact.points.report}.", _counted(exact)]
    on_kink = int(exact.points.on_kink.sum())
    if on_kink:
        lines.append(
            f"Points on a kink, where the step has no derivative: {on_kink}; their modes hold on "
            "one side only."
        )
    far = int((exact.distance > portrait.spread).sum())
    if far:
        lines.append(
            "Points farther from every visited state than the states' spread, where the network "
            f"never was: {far}."
        )
    if slow is not None:
        lingering = ""
        if len(slow):
            median = np.median(slow.time_constants[:, 0])
            lingering = f"; median time constant of their slowest mode {median:.3g} steps"
        lines.append(
            f"{len(slow)} slow points from {slow.points.report.n_starts} states{lingering}."
        )
    return lines


def _counted(exact: PointSet) -> str:
    """How many points there are of each stability."""
    if not len(exact):
        return "No fixed point was found. Try more --starts, another --input, or --slow 0.1."
    n_modes = exact.eigenvalues.shape[1]
    numbers, counts = np.unique(exact.n_unstable, return_counts=True)
    parts = [
        _plural(int(count), _stability(int(number), n_modes))
        + (f" with {_plural(int(number), 'unstable mode')}" if number else "")
        for number, count in zip(numbers, counts, strict=True)
    ]
    return f"{_plural(len(exact), 'fixed point')}: {', '.join(parts)}."


def _stability(n_unstable: int, n_modes: int) -> str:
    """What a point with so many unstable modes is called."""
    if n_unstable == 0:
        return "attractor"
    return "repeller" if n_unstable == n_modes else "saddle"


def _plural(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _positive(kind: type) -> Callable[[str], float]:
    """What argparse takes for a number above 0."""

    def number(text: str) -> float:
        value = kind(text)
        if not value > 0:
            raise ValueError
        return value

    number.__name__ = f"positive {kind.__name__}"
    return number


def _held(arguments: argparse.Namespace, inputs: np.ndarray) -> str:
    """The frozen input in words."""
    if arguments.input is None:
        return f"zeros ({len(inputs)} entries), since no --input was given"
    return f"{arguments.input.name}, held constant"


def _write(
    arguments: argparse.Namespace, model: Model, portrait: Portrait, tolerance: float
) -> None:
    """Write numbers, figure and page."""
    from unrolled.figures import save_figure
    from unrolled.files import save_dataset

    from .page import build_page
    from .portrait import draw, to_dataset

    folder = arguments.out
    facts = {
        "network": f"{model.origin}: {model.description}",
        "states": f"{arguments.states.name}: {portrait.visited}",
        "input": _held(arguments, portrait.inputs),
        "search": f"{arguments.starts:,} starts, q at most {tolerance!r}, seed {arguments.seed}",
    }
    for name in ("layer", "kind"):
        if getattr(arguments, name) is not None:
            facts[name] = getattr(arguments, name)
    if arguments.slow is not None:
        facts["slow points"] = f"steps of at most {arguments.slow!r} of the median step"
    facts["made with"] = f"unrolled {__version__}, NumPy {np.__version__}"
    files = [arguments.model, arguments.states, *([arguments.input] if arguments.input else [])]
    record = _record(files, facts)
    save_dataset(to_dataset(portrait, facts | {"record": record}), folder / "fixed_points.nc")
    picture = folder / "fixed_points.png"
    save_figure(
        draw(portrait, title=arguments.model.name),
        pdf=folder / "fixed_points.pdf",
        png=picture,
        record=record,
    )
    page = build_page(
        portrait,
        title=arguments.model.name,
        facts=facts | {"record": record},
        findings=findings(portrait),
        picture=picture.read_bytes(),
    )
    (folder / "index.html").write_text(page, encoding="utf-8")


def _record(files: list[Path], facts: dict[str, str]) -> str:
    """Id of what went in: the files' contents and the settings."""
    digest = hashlib.sha256(repr(sorted(facts.items())).encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
