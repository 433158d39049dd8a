"""Analysis files for the tests: a hand-made line attractor, really run and really linearised.

The state lies near a bent curve. Along it the speed is small (three exact fixed points when
``bend`` is positive, a plain line when it is zero); across it everything decays. A word pushes the
state along the curve by its valence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import xarray as xr

from unrolled.files import variable

WORDS = 60  # of each class
PCS = 3


@cache
def _rotation(units: int, seed: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((units, units)))[0]


@dataclass(frozen=True)
class Toy:
    """A map with a slow curve."""

    units: int = 64
    gain: float = 1.0  # of valence words along the curve
    bend: float = 0.02  # 0: a line of fixed points
    twist: float = 0.45  # modulus of the modes across the curve
    seed: int = 0

    def basis(self) -> np.ndarray:
        return _rotation(self.units, self.seed)

    def step(self, states: np.ndarray, push: np.ndarray) -> np.ndarray:
        """One step of states (n, d), each pushed by push (n, d)."""
        basis = self.basis()
        inner = states @ basis
        along = inner[:, 0]
        curve = np.zeros_like(inner)
        curve[:, 0], curve[:, 1] = along, 0.15 * along**2
        rest = inner - curve
        rest[:, 0] = 0.0
        angles = np.linspace(0.3, 2.6, (self.units - 2) // 2)
        mixed = 0.3 * self.twist * rest
        for mode, angle in enumerate(angles):
            a, b = 2 + 2 * mode, 3 + 2 * mode
            scale = self.twist * 0.97**mode
            mixed[:, a] = scale * (np.cos(angle) * rest[:, a] - np.sin(angle) * rest[:, b])
            mixed[:, b] = scale * (np.sin(angle) * rest[:, a] + np.cos(angle) * rest[:, b])
        moved = along - self.bend * along * (along**2 / 9 - 1)
        after = np.zeros_like(inner)
        after[:, 0], after[:, 1] = moved, 0.15 * moved**2
        return np.tanh((after + mixed) @ basis.T / 6) * 6 + push

    def jacobian(self, states: np.ndarray) -> np.ndarray:
        """Central differences, (n, d, d)."""
        columns = []
        none = np.zeros_like(states)
        for unit in range(self.units):
            shift = np.zeros(self.units)
            shift[unit] = 1e-5
            ahead = self.step(states + shift, none)
            columns.append((ahead - self.step(states - shift, none)) / 2e-5)
        return np.stack(columns, axis=-1)


def make_analysis(
    toy: Toy | None = None,
    *,
    points: int = 80,
    fixed: int = 3,
    corpus: str = "film",
    cell: str = "gru",
    twin: str = "trained",
    lengths: tuple[int, int] = (170, 24),
) -> xr.Dataset:
    """One analysis file in the agreed format."""
    toy = toy or Toy()
    rng = np.random.default_rng(toy.seed + 1)
    basis = toy.basis()
    classes = np.repeat([0, 1, 2], WORDS)
    weights = np.concatenate([rng.normal(mean, 0.35, WORDS) for mean in (-1.6, 0, 1.6)])
    weights[classes == 1] *= 0.2
    along = toy.gain * 0.18 * (weights + rng.normal(0, 0.15, len(weights)))
    pushes = along[:, None] * (basis[:, 0] + 0.25 * basis[:, 1])
    pushes += 0.035 * rng.standard_normal((len(weights), toy.units))
    labels = np.arange(120) % 2
    documents = [_read(toy, pushes, classes, label, 40, rng) for label in labels]
    examples = [
        _read(toy, pushes, classes, label, n, rng) for label, n in zip((1, 0), lengths, strict=True)
    ]
    states = np.concatenate(documents)
    mean = states.mean(axis=0)
    _, singular, axes = np.linalg.svd(states - mean, full_matrices=False)
    share = singular**2 / (singular**2).sum()
    axes = axes[:PCS]
    readout = basis[:, 0] * 1.3 + 0.2 * basis[:, 2]
    place = np.sort(np.tanh(rng.normal(0, 1.2, points))) * 3.0
    return _dataset(
        toy, rng, states, np.repeat(labels, 40), examples, mean, axes, share, readout, place,
        pushes, weights, classes, fixed, {"corpus": corpus, "cell": cell, "twin": twin},
    )  # fmt: skip


def _read(toy, pushes, classes, label, length, rng) -> np.ndarray:
    """States (length, d) while a document of that label is read."""
    odds = np.where(classes == 1, 0.5, np.where(classes == 2 * label, 0.5, 0.12))
    state, path = np.zeros((1, toy.units)), []
    for word in rng.choice(len(classes), size=length, p=odds / odds.sum()):
        state = toy.step(state, pushes[word : word + 1])
        path.append(state[0])
    return np.array(path)


def _padded(arrays: list[np.ndarray]) -> np.ndarray:
    longest = max(map(len, arrays))
    out = np.full((len(arrays), longest, arrays[0].shape[1]), np.nan)
    for row, array in enumerate(arrays):
        out[row, : len(array)] = array
    return out


def _modes(toy: Toy, curve: np.ndarray):
    """Eigenvalues by modulus, and left and right vectors of the largest real one."""
    n, d = len(curve), toy.units
    if n == 0:
        return np.zeros((0, d), complex), np.zeros(0, int), np.zeros((0, d)), np.zeros((0, d))
    values, right = np.linalg.eig(toy.jacobian(curve))
    order = np.argsort(-np.abs(values), axis=1, kind="stable")
    values = np.take_along_axis(values, order, 1)
    right = np.take_along_axis(right, order[:, None, :], 2)
    left = np.linalg.inv(right)
    real = np.where(np.abs(values.imag) < 1e-9, values.real, -np.inf)
    slow = real.argmax(axis=1)
    rows = np.arange(n)
    size = np.linalg.norm(right[rows, :, slow].real, axis=1, keepdims=True)
    left, right = left[rows, slow].real * size, right[rows, :, slow].real / size
    sign = np.where(right @ toy.basis()[:, :1] < 0, -1.0, 1.0)  # towards the readout
    return values, slow, sign * left, sign * right


def _dataset(
    toy, rng, states, labels, examples, mean, axes, share, readout, place, pushes, weights,
    classes, fixed, attributes,
) -> xr.Dataset:  # fmt: skip
    basis, n = toy.basis(), len(place)
    curve = np.outer(place, basis[:, 0]) + np.outer(0.15 * place**2, basis[:, 1])
    if n:
        for _ in range(6):  # settle across the curve
            curve = toy.step(curve, np.zeros_like(curve))
    values, slow, left, right = _modes(toy, curve)
    with np.errstate(divide="ignore"):
        tau = np.abs(1 / np.log(np.abs(values)))
    at = np.array([n // 6, n // 2, n - 1 - n // 6]) if n else np.full(3, -1)
    own = np.linalg.svd(curve - curve.mean(0), compute_uv=False) ** 2 if n else np.zeros(1)
    own_share = np.zeros(toy.units)
    own_share[: len(own)] = own / max(own.sum(), 1e-12)
    projected = (curve - mean) @ axes.T
    state_share = np.zeros(toy.units)
    if n > 1:
        state_share[:PCS] = projected.var(0) / max(curve.var(0).sum(), 1e-12)
    projection = left @ pushes.T
    random = rng.standard_normal((1000, toy.units))
    null = np.abs(random[:, 0]) / np.linalg.norm(random, axis=1)
    direction = basis[:, 0] if n > 1 else np.full(toy.units, np.nan)
    spots = np.array([-3.0, 0.0, 3.0])[:fixed]
    exact = np.outer(spots, basis[:, 0]) + np.outer(0.15 * spots**2, basis[:, 1])
    true = examples[1]
    noise = rng.standard_normal(true.shape)
    predicted = true + 0.03 * noise
    predicted[0] = np.nan
    shown_left = left[at] if n else np.full((3, toy.units), np.nan)
    shown_right = right[at] if n else np.full((3, toy.units), np.nan)
    pick = rng.permutation(len(states))[:4000]
    coordinate = 2 * (place - place.min()) / max(np.ptp(place), 1e-12) - 1 if n > 1 else np.zeros(n)
    table = {
        "explained_variance": ("component", _full(share, toy.units), "1"),
        "state_mean": ("unit", mean, "state units"),
        "pc_axes": (("pc", "unit"), axes, "1"),
        "states": (("sample", "pc"), (states[pick] - mean) @ axes.T, "state units"),
        "state_label": ("sample", labels[pick].astype("int8"), "1"),
        "state_logit": ("sample", states[pick] @ readout, "logit"),
        "initial_state": ("pc", -mean @ axes.T, "state units"),
        "logit_mean": ((), float(mean @ readout), "logit"),
        "readout": ("unit", readout, "logit per state unit"),
        "readout_pc": ("pc", axes @ readout, "logit per state unit"),
        "example_states": (("example", "token", "pc"), (_padded(examples) - mean) @ axes.T,
                           "state units"),
        "example_activations": (("example", "token", "activation"), np.tanh(_padded(examples)),
                                "activation"),
        "example_label": ("example", np.array([1, 0], dtype="int8"), "1"),
        "example_length": ("example", np.array([len(e) for e in examples], dtype="int32"),
                           "tokens"),
        "point_states": (("point", "unit"), curve, "state units"),
        "point_logit": ("point", curve @ readout, "logit"),
        "point_coordinate": ("point", coordinate, "1"),
        "point_pc": (("point", "pc"), projected, "state units"),
        "point_variance": ("component", own_share, "1"),
        "point_state_variance": ("component", state_share, "1"),
        "manifold_direction": ("unit", direction, "1"),
        "eigenvalues_real": (("point", "mode"), values.real, "1"),
        "eigenvalues_imag": (("point", "mode"), values.imag, "1"),
        "time_constant": (("point", "mode"), tau, "tokens"),
        "slow_mode": ("point", slow.astype("int32"), "1"),
        "slow_time_constant": ("point", tau[np.arange(n), slow], "tokens"),
        "highlighted": ("highlight", at.astype("int32"), "1"),
        "class_projection": (
            ("point", "word_class"),
            np.stack([projection[:, classes == c].mean(axis=1) for c in range(3)], axis=1),
            "state units",
        ),
        "word_projection": ("word", projection.mean(axis=0) if n else np.full(len(weights), np.nan),
                            "state units"),
        "word_weight": ("word", weights, "logit"),
        "word_class_of": ("word", classes.astype("int8"), "1"),
        "word_effect": (("highlight", "word", "pc"), np.stack([pushes @ axes.T] * 3),
                        "state units"),
        "left_pc": (("highlight", "pc"), shown_left @ axes.T, "1"),
        "right_pc": (("highlight", "pc"), shown_right @ axes.T, "1"),
        "overlap": ("point", np.abs(right @ direction), "1"),
        "null_overlap": ("null", null, "1"),
        "fixed_states": (("fixed_point", "unit"), exact, "state units"),
        "fixed_pc": (("fixed_point", "pc"), (exact - mean) @ axes.T, "state units"),
        "fixed_unstable": ("fixed_point", np.array([0, 1, 0], dtype="int32")[:fixed], "1"),
        "step_error": ("step_sample", rng.lognormal(-3.3, 0.5, 3000) if n else np.zeros(0), "1"),
        "step_error_central": ("step_sample", rng.lognormal(-2.6, 0.5, 3000) if n else np.zeros(0),
                               "1"),
        "linear_true": (("token", "pc"), _long((true - mean) @ axes.T, examples), "state units"),
        "linear_predicted": (("token", "pc"),
                             _long(((predicted if n else predicted * np.nan) - mean) @ axes.T,
                                   examples), "state units"),
    }  # fmt: skip
    return xr.Dataset(
        {
            name: variable(dims, values, units=units, long_name=name.replace("_", " "))
            for name, (dims, values, units) in table.items()
        },
        attrs={**attributes, "rank": 0, "longest_document": 60},
    )


def _full(values: np.ndarray, size: int) -> np.ndarray:
    out = np.zeros(size)
    out[: min(size, len(values))] = values[:size]
    return out


def _long(values: np.ndarray, examples: list[np.ndarray]) -> np.ndarray:
    out = np.full((max(map(len, examples)), values.shape[1]), np.nan)
    out[: len(values)] = values
    return out
