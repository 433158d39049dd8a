"""Against PyTorch's documented equations; benchmarks/ compares with PyTorch itself."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from unrolled.networks import from_torch_weights, run_cell

UNITS, INPUTS = 5, 3
BLOCKS = {"rnn_tanh": 1, "rnn_relu": 1, "gru": 3, "lstm": 4}


def weights(kind, *, bias=True, prefix="", seed=0):
    rng = np.random.default_rng(seed)
    rows = BLOCKS[kind] * UNITS
    shapes = {"weight_ih_l0": (rows, INPUTS), "weight_hh_l0": (rows, UNITS)}
    if bias:
        shapes |= {"bias_ih_l0": (rows,), "bias_hh_l0": (rows,)}
    values = {key: rng.uniform(-0.8, 0.8, shape) for key, shape in shapes.items()}
    return {prefix + key: value.astype(np.float32) for key, value in values.items()}


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def documented(kind, weights, x, h, c):
    """One step as the documentation of PyTorch's modules states it, for one column vector."""
    none = np.zeros(BLOCKS[kind] * UNITS)
    i = np.split(
        weights["weight_ih_l0"].astype(float) @ x + weights.get("bias_ih_l0", none), BLOCKS[kind]
    )
    s = np.split(
        weights["weight_hh_l0"].astype(float) @ h + weights.get("bias_hh_l0", none), BLOCKS[kind]
    )
    if kind == "gru":
        r, z = sigmoid(i[0] + s[0]), sigmoid(i[1] + s[1])
        n = np.tanh(i[2] + r * s[2])
        return (1 - z) * n + z * h, c
    if kind == "lstm":
        i_t, f_t = sigmoid(i[0] + s[0]), sigmoid(i[1] + s[1])
        g_t, o_t = np.tanh(i[2] + s[2]), sigmoid(i[3] + s[3])
        c = f_t * c + i_t * g_t
        return o_t * np.tanh(c), c
    total = i[0] + s[0]
    return (np.tanh(total) if kind == "rnn_tanh" else np.maximum(total, 0)), c


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", BLOCKS)
def test_trajectories_follow_the_documented_equations(kind, bias):
    named = weights(kind, bias=bias)
    cell = from_torch_weights(named, kind=kind if kind.startswith("rnn") else None)
    inputs = np.random.default_rng(1).standard_normal((4, 20, INPUTS))
    states = run_cell(cell, inputs)
    for sequence, visited in zip(inputs, states, strict=True):
        h = c = np.zeros(UNITS)
        for x, state in zip(sequence, visited, strict=True):
            h, c = documented(kind, named, x, h, c)
            expected = np.concatenate([h, c]) if kind == "lstm" else h
            np.testing.assert_allclose(state, expected, atol=1e-12)


def test_a_file_is_read_whatever_lies_beside_the_layer(tmp_path):
    named = weights("gru", prefix="encoder.rnn.") | {"readout.weight": np.zeros((1, UNITS))}
    save_file(named, tmp_path / "m.safetensors")
    cell = from_torch_weights(tmp_path / "m.safetensors")
    assert cell.name == "gru_reset_after"
    expected = from_torch_weights(weights("gru"))
    for key, value in expected.parameters.items():
        np.testing.assert_array_equal(cell.parameters[key], value)


def test_of_several_layers_one_is_chosen_by_its_prefix():
    named = weights("gru", prefix="a.") | weights("lstm", prefix="b.")
    with pytest.raises(ValueError, match=r"more than one.*'a\.', 'b\.'"):
        from_torch_weights(named)
    with pytest.raises(ValueError, match=r"no prefix 'c\.'.*'a\.', 'b\.'"):
        from_torch_weights(named, prefix="c.")
    assert from_torch_weights(named, prefix="b.").name == "lstm"


def test_the_nonlinearity_of_a_plain_layer_is_asked_for():
    with pytest.raises(ValueError, match=r"kind='rnn_tanh' or kind='rnn_relu'"):
        from_torch_weights(weights("rnn_relu"))
    assert from_torch_weights(weights("rnn_relu"), kind="rnn_relu").nonlinearity == "relu"


def test_a_kind_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"\(15, 5\), which is that of gru, not of lstm"):
        from_torch_weights(weights("gru"), kind="lstm")
    with pytest.raises(ValueError, match="no kind 'gruu'"):
        from_torch_weights(weights("gru"), kind="gruu")


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("weight_hh_l1", "stacked"),
        ("weight_hh_l0_reverse", "bidirectional"),
        ("weight_hr_l0", "proj_size"),
    ],
)
def test_layers_that_are_not_one_system_are_refused(extra, said):
    named = weights("lstm", prefix="rnn.") | {f"rnn.{extra}": np.zeros((20, 5))}
    with pytest.raises(ValueError, match=rf"rnn\.{extra}.*{said}"):
        from_torch_weights(named)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight_ih_l0": None}, "weight_ih_l0 is missing"),
        ({"weight_ih_l0": np.zeros((14, 3))}, r"\(14, 3\); \(15, inputs\)"),
        ({"bias_hh_l0": None}, r"both have the shape \(15,\)"),
        ({"bias_ih_l0": np.zeros(5)}, r"\(5,\)"),
        ({"weight_hh_l0": np.zeros((10, 5))}, r"\(10, 5\); \(N, N\), \(3 N, N\)"),
    ],
)
def test_weights_that_do_not_fit_together_are_named(change, said):
    named = {key: value for key, value in (weights("gru") | change).items() if value is not None}
    with pytest.raises(ValueError, match=said):
        from_torch_weights(named)


def test_files_of_another_kind_are_refused_with_what_to_do(tmp_path):
    (tmp_path / "m.pt").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(ValueError, match=r"safetensors\.torch\.save_file"):
        from_torch_weights(tmp_path / "m.pt")
    with pytest.raises(FileNotFoundError, match="no file"):
        from_torch_weights(tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match="no recurrent layer"):
        from_torch_weights({"weight": np.zeros(3)})
