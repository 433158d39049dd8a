"""Cells made from PyTorch's weights move as PyTorch's modules do."""

import numpy as np
import pytest

from unrolled.networks import from_torch_weights, run_cell

torch = pytest.importorskip("torch")

UNITS, INPUTS = 16, 5
MODULES = {
    "rnn_tanh": lambda **options: torch.nn.RNN(INPUTS, UNITS, **options),
    "rnn_relu": lambda **options: torch.nn.RNN(INPUTS, UNITS, nonlinearity="relu", **options),
    "gru": lambda **options: torch.nn.GRU(INPUTS, UNITS, **options),
    "lstm": lambda **options: torch.nn.LSTM(INPUTS, UNITS, **options),
}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", MODULES)
def test_trajectories_are_those_of_pytorch(kind, bias, tmp_path):
    from safetensors.torch import save_file

    torch.manual_seed(0)
    module = MODULES[kind](batch_first=True, bias=bias)
    model = torch.nn.ModuleDict({"rnn": module, "readout": torch.nn.Linear(UNITS, 2)})
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    cell = from_torch_weights(
        tmp_path / "model.safetensors", kind=kind if kind.startswith("rnn") else None
    )
    inputs = torch.randn(6, 40, INPUTS)
    with torch.no_grad():
        outputs, last = module(inputs)
    states = run_cell(cell, inputs.numpy())
    np.testing.assert_allclose(states[..., :UNITS], outputs, rtol=1e-5, atol=1e-6)
    if kind == "lstm":
        np.testing.assert_allclose(states[:, -1, UNITS:], last[1][0], rtol=1e-5, atol=1e-6)
