"""``unrolled fixed-points`` on networks whose fixed points are known."""

import pickle
import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file

from unrolled.cli import main
from unrolled.commands.models import Model
from unrolled.files import load_dataset, save_dataset, variable
from unrolled.networks import KerasCell, make_network, make_sequence_network, save_networks

GAIN = 1.6


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path, rng):
    """Two units, each alone: h' = tanh(1.6 h), at rest at 0 and at plus and minus a."""
    torch_weights(tmp_path / "pair.safetensors", np.diag([GAIN, GAIN]))
    np.savez(tmp_path / "states.npz", states=rng.uniform(-1, 1, (30, 8, 2)))
    return tmp_path


def torch_weights(path, recurrent, bias=(0.0, 0.0)):
    units = len(recurrent)
    named = {
        "rnn.weight_ih_l0": np.ones((units, 3)),
        "rnn.weight_hh_l0": np.asarray(recurrent, dtype=float),
        "rnn.bias_ih_l0": np.asarray(bias, dtype=float),
        "rnn.bias_hh_l0": np.zeros(units),
    }
    save_file(named, path)


def resting_place():
    a = 0.9
    for _ in range(300):
        a = np.tanh(GAIN * a)
    return a


def run(folder, *options, model="pair.safetensors", states="states.npz", kind="rnn_tanh"):
    arguments = ["fixed-points", str(folder / model), "--states", str(folder / states)]
    arguments += ["--kind", kind] if kind else []
    return main([*arguments, "--out", str(folder / "out"), *map(str, options)])


def test_all_nine_points_are_found_with_their_modes(folder, capsys):
    assert run(folder) == 0
    said = capsys.readouterr().out
    assert "9 fixed points: 4 attractors, 4 saddles with 1 unstable mode" in said
    assert "1 repeller with 2 unstable modes" in said
    assert "zeros (3 entries), since no --input was given" in said
    found = load_dataset(folder / "out" / "fixed_points.nc")
    a = resting_place()
    places = found["states"].values / a
    np.testing.assert_allclose(places, np.round(places), atol=1e-9)
    assert len(np.unique(np.round(places), axis=0)) == 9
    slope = GAIN * (1 - a**2)
    expected = np.sort(np.where(np.round(places) == 0, GAIN, slope), axis=1)[:, ::-1]
    np.testing.assert_allclose(found["eigenvalue_real"], expected, atol=1e-9)
    np.testing.assert_array_equal(found["n_unstable"], (np.round(places) == 0).sum(axis=1))
    np.testing.assert_allclose(found["time_constant"], np.abs(1 / np.log(expected)), rtol=1e-9)
    products = np.einsum("kae,kbe->kab", found["left_real"], found["right_real"])
    np.testing.assert_allclose(products, np.broadcast_to(np.eye(2), (9, 2, 2)), atol=1e-9)
    assert found["speed"].max() < 1e-20
    assert found["time_constant"].attrs["units"] == "steps"
    assert not found["on_kink"].any()


def test_the_page_holds_everything_and_fetches_nothing(folder):
    run(folder)
    page = (folder / "out" / "index.html").read_text()
    assert "9 fixed points" in page
    assert page.count("<tr>") == 10
    assert page.count("data:image/png;base64,") == 1
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    record = load_dataset(folder / "out" / "fixed_points.nc").attrs["record"]
    assert record in page
    assert record.encode() in (folder / "out" / "fixed_points.png").read_bytes()


def test_the_same_question_gives_the_same_bytes(folder):
    names = ("index.html", "fixed_points.nc", "fixed_points.pdf", "fixed_points.png")
    run(folder, "--slow", 0.5)
    first = {name: (folder / "out" / name).read_bytes() for name in names}
    run(folder, "--slow", 0.5)
    assert {name: (folder / "out" / name).read_bytes() for name in names} == first
    run(folder, "--slow", 0.5, "--seed", 1)
    assert (folder / "out" / "index.html").read_bytes() != first["index.html"]


def test_the_input_that_is_held_moves_the_points(folder, capsys):
    np.save(folder / "x.npy", np.array([1.0, 0.0, 0.0]))
    assert run(folder, "--input", folder / "x.npy") == 0
    # tanh(1.6 h + 1) crosses h but once.
    assert "1 fixed point: 1 attractor." in capsys.readouterr().out
    found = load_dataset(folder / "out" / "fixed_points.nc")
    np.testing.assert_allclose(np.tanh(GAIN * found["states"] + 1), found["states"], atol=1e-10)
    np.testing.assert_array_equal(found["input"], [1, 0, 0])


def test_slow_points_are_no_faster_than_asked(folder, rng, capsys):
    # The first unit keeps its value, the second forgets: a line of fixed points.
    torch_weights(folder / "line.safetensors", np.diag([1.0, 0.2]))
    assert run(folder, "--slow", 0.01, model="line.safetensors") == 0
    assert "slow points from 240 states" in capsys.readouterr().out
    found = load_dataset(folder / "out" / "fixed_points.nc")
    states = np.load(folder / "states.npz")["states"]
    step = np.median(np.linalg.norm(np.diff(states, axis=1), axis=2))
    assert len(found["slow_speed"]) > 50
    assert np.sqrt(2 * found["slow_speed"]).max() <= 0.01 * step
    assert np.abs(found["slow_states"][:, 1]).max() < 1e-3


def test_slow_points_need_an_order_in_time(folder, rng, capsys):
    np.savez(folder / "flat.npz", states=rng.uniform(-1, 1, (50, 2)))
    assert run(folder, "--slow", 0.1, states="flat.npz") == 1
    assert "(n, T, d)" in capsys.readouterr().err
    assert run(folder, states="flat.npz") == 0
    assert "without an order in time" in capsys.readouterr().out


def test_slow_points_need_sequences_that_move(folder, rng, capsys):
    still = np.repeat(rng.uniform(-1, 1, (50, 1, 2)), 4, axis=1)
    np.savez(folder / "still.npz", states=still)
    assert run(folder, "--slow", 0.1, states="still.npz") == 1
    said = capsys.readouterr()
    assert "sequences do not move" in said.err
    assert "Wrote" not in said.out


def test_points_on_a_kink_are_reported(folder, capsys):
    torch_weights(folder / "kink.safetensors", np.diag([0.5, 0.5]), bias=(1.0, 0.0))
    assert run(folder, model="kink.safetensors", kind="rnn_relu") == 0
    assert "Points on a kink, where the step has no derivative: 1;" in capsys.readouterr().out
    found = load_dataset(folder / "out" / "fixed_points.nc")
    np.testing.assert_allclose(found["states"], [[2.0, 0.0]], atol=1e-12)


def test_points_far_from_every_visited_state_are_reported(folder, rng, capsys):
    np.savez(folder / "near.npz", states=0.5 + 0.1 * rng.uniform(-1, 1, (50, 2)))
    run(folder, states="near.npz")
    said = capsys.readouterr().out
    found = load_dataset(folder / "out" / "fixed_points.nc")
    far = int((found["distance"] > 0.1).sum())
    assert far >= 1
    assert f"where the network never was: {far}." in said


def test_a_single_unit_has_a_portrait_too(folder, rng, capsys):
    torch_weights(folder / "one.safetensors", [[GAIN]], bias=[0.0])
    np.savez(folder / "one.npz", states=rng.uniform(-1, 1, (20, 6, 1)))
    assert run(folder, model="one.safetensors", states="one.npz") == 0
    assert (
        "3 fixed points: 2 attractors, 1 repeller with 1 unstable mode." in capsys.readouterr().out
    )


def test_a_network_of_ours_is_chosen_by_its_name(folder, rng, capsys):
    networks = {
        name: make_network(name, units=2, embedding=3, vocabulary=4, embedding_scale=1.0, rng=rng)
        for name in ("vanilla", "lstm")
    }
    save_networks(folder / "ours.safetensors", networks)
    assert run(folder, model="ours.safetensors", kind=None) == 1
    assert "lstm, vanilla" in capsys.readouterr().err
    assert run(folder, "--layer", "vanilla", model="ours.safetensors", kind=None) == 0
    assert "vanilla cell, 2 units, 3 inputs" in capsys.readouterr().out
    assert run(folder, "--layer", "lstm", model="ours.safetensors", kind=None) == 1
    assert "run_cell gives whole states" in capsys.readouterr().err


def test_a_network_of_ours_that_reads_signals_is_searched_as_well(folder, rng, capsys):
    made = make_sequence_network("vanilla", units=2, inputs=3, outputs=1, rng=rng)
    network = made.with_parameters({"cell.recurrent": GAIN * np.eye(2)}, metadata={})
    save_networks(folder / "ours.safetensors", {"trained_0": network})
    assert run(folder, model="ours.safetensors", kind=None) == 0
    said = capsys.readouterr().out
    assert "vanilla cell, 2 units, 3 inputs" in said
    assert "9 fixed points: 4 attractors, 4 saddles with 1 unstable mode" in said
    places = load_dataset(folder / "out" / "fixed_points.nc")["states"].values / resting_place()
    np.testing.assert_allclose(places, np.round(places), atol=1e-9)


def test_states_may_come_from_any_of_three_kinds_of_file_with_padding(folder, capsys):
    states = np.load(folder / "states.npz")["states"]
    states[3, 5:] = np.nan
    np.save(folder / "states.npy", states)
    np.savez(folder / "several.npz", other=np.zeros(3), states=states)
    import xarray as xr

    dims = ("sequence", "time", "entry")
    entry = variable(dims, states, units="1", long_name="state")
    save_dataset(xr.Dataset({"states": entry}), folder / "states.nc")
    for name in ("states.npy", "several.npz", "states.nc"):
        assert run(folder, states=name) == 0
        assert "237 states of 30 sequences of up to 8 steps, 3 rows of NaN" in (
            capsys.readouterr().out
        )


def broken_states(folder):
    states = np.load(folder / "states.npz")["states"]
    partly = states.copy()
    partly[0, 0, 0] = np.nan
    return {
        "wide": (states[..., [0, 1, 1]], r"array 'x' has the shape \(30, 8, 3\).*\(n, 2\)"),
        "flat": (states.ravel(), r"\(480,\)"),
        "none": (states[:0], r"\(0, 8, 2\)"),
        "partly": (partly, "1 states are partly NaN"),
        "endless": (np.full((3, 2), np.inf), "3 states are partly NaN, or infinite"),
        "padding": (np.full((3, 2), np.nan), "nothing but NaN"),
        "words": (np.array([["a", "b"]]), "<U1 values; numbers"),
        "complex": (states.astype(complex), "complex128 values"),
        "objects": (np.array([{}], dtype=object), "without pickles"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "case",
    ["wide", "flat", "none", "partly", "endless", "padding", "words", "complex", "objects"],
)
def test_states_that_cannot_be_used_are_named(folder, case, capsys):
    values, said = broken_states(folder)[case]
    np.savez(folder / f"{case}.npz", x=values)
    assert run(folder, states=f"{case}.npz") == 1
    assert re.search(said, capsys.readouterr().err)
    assert not (folder / "out" / "index.html").exists()


def test_a_file_with_several_arrays_must_say_which_are_the_states(folder, capsys):
    np.savez(folder / "many.npz", a=np.zeros(2), b=np.zeros(2))
    assert run(folder, states="many.npz") == 1
    assert "holds the arrays a, b" in capsys.readouterr().err


def test_no_pickle_is_ever_loaded(folder, capsys):
    class Trap:
        def __reduce__(self):
            return (open, (str(folder / "sprung"), "w"))

    (folder / "trap.npy").write_bytes(pickle.dumps(Trap()))
    (folder / "trap.pt").write_bytes(pickle.dumps(Trap()))
    (folder / "trap.keras").write_bytes(pickle.dumps(Trap()))
    assert run(folder, states="trap.npy") == 1
    assert "without pickles" in capsys.readouterr().err
    assert run(folder, model="trap.pt") == 1
    assert "can run any code" in capsys.readouterr().err
    assert run(folder, model="trap.keras") == 1
    assert "cannot load" in capsys.readouterr().err
    assert not (folder / "sprung").exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [(np.zeros(2), r"\(2,\); one vector of 3"), (np.full(3, np.nan), "not all of them finite")],
)
def test_an_input_of_the_wrong_shape_is_named(folder, values, said, capsys):
    np.save(folder / "x.npy", values)
    assert run(folder, "--input", folder / "x.npy") == 1
    assert re.search(said, capsys.readouterr().err)


@pytest.mark.parametrize("name", ["model", "states", "input"])
def test_a_missing_file_is_named(folder, name, capsys):
    given = {"model": "none.keras"} if name == "model" else {}
    given |= {"states": "none.npz"} if name == "states" else {}
    options = ["--input", folder / "none.npy"] if name == "input" else []
    assert run(folder, *options, **given) == 1
    assert re.search(r"no .*none\.", capsys.readouterr().err)


@pytest.mark.parametrize("name", ["old.h5", "model.onnx"])
def test_models_of_other_kinds_are_answered_with_what_is_read(folder, name, capsys):
    (folder / name).write_bytes(b"")
    assert run(folder, model=name) == 1
    assert ".keras" in capsys.readouterr().err


@pytest.mark.parametrize("option", [("--starts", "0"), ("--slow", "-1"), ("--tolerance", "x")])
def test_numbers_that_make_no_sense_are_refused_before_anything_is_read(folder, option, capsys):
    with pytest.raises(SystemExit):
        run(folder, *option)
    assert "invalid positive" in capsys.readouterr().err


def test_weights_of_pytorch_are_analysed_without_tensorflow(folder):
    program = (
        "import sys\n"
        "from unrolled.cli import main\n"
        f"sys.argv = ['unrolled', 'fixed-points', {str(folder / 'pair.safetensors')!r},\n"
        f"  '--kind', 'rnn_tanh', '--states', {str(folder / 'states.npz')!r},\n"
        f"  '--out', {str(folder / 'out')!r}]\n"
        "assert main() == 0\n"
        "assert not {'tensorflow', 'keras', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_cell_in_single_precision_is_told_apart():
    for dtype in ("float64", "float32"):
        cell = KerasCell(None, "OwnCell", inputs=1, sizes=(2,), dtype=dtype)
        assert Model(cell, "").is_single_precision == (dtype == "float32")


class TestKerasFiles:
    """Models that Keras saved."""

    @pytest.fixture
    def keras(self):
        keras = pytest.importorskip("keras")
        keras.utils.set_random_seed(0)
        return keras

    def saved(self, keras, folder, *layers):
        model = keras.Sequential([keras.Input((None, 3)), *layers])
        model.save(folder / "m.keras")
        return model

    def test_a_model_is_read_as_from_keras_reads_it(self, keras, folder, capsys):
        of = keras.layers
        self.saved(
            keras, folder, of.GRU(2, return_sequences=True, name="low"), of.GRU(2, name="high")
        )
        assert run(folder, model="m.keras") == 1
        assert "low (GRU), high (GRU)" in capsys.readouterr().err
        assert run(folder, "--layer", "middle", model="m.keras") == 1
        assert "low, high" in capsys.readouterr().err
        assert run(folder, "--layer", "low", model="m.keras") == 0
        assert "gru_reset_after cell, 2 units, 3 inputs" in capsys.readouterr().out

    def test_a_layer_that_reads_backwards_is_noted(self, keras, folder, capsys):
        self.saved(keras, folder, keras.layers.GRU(2, go_backwards=True, name="back"))
        assert run(folder, model="m.keras") == 0
        assert capsys.readouterr().err.startswith("Note: The layer 'back' reads its sequences")

    def test_a_cell_of_another_kind_is_searched_by_automatic_differentiation(
        self, keras, folder, capsys
    ):
        layer = keras.layers.SimpleRNN(2, activation="softsign", use_bias=False)
        model = self.saved(keras, folder, layer)
        model.layers[0].set_weights([np.ones((3, 2)), 2 * np.eye(2)])
        model.save(folder / "m.keras")
        assert run(folder, model="m.keras") == 0
        said = capsys.readouterr().out
        assert "Jacobians by automatic differentiation" in said
        # 2 h / (1 + 2 |h|) = h at 0 and at plus and minus 1/2.
        assert "9 fixed points: 4 attractors" in said
        found = load_dataset(folder / "out" / "fixed_points.nc")
        np.testing.assert_allclose(found["states"], np.round(2 * found["states"]) / 2, atol=1e-9)
        assert not found["on_kink"].any()

    def test_python_code_in_a_model_is_not_run(self, keras, folder, capsys):
        self.saved(keras, folder, keras.layers.Lambda(lambda x: x), keras.layers.GRU(2))
        assert run(folder, model="m.keras") == 1
        assert "Lambda layer: Python code, which is not run" in capsys.readouterr().err

    def test_a_broken_file_is_named(self, keras, folder, capsys):
        self.saved(keras, folder, keras.layers.GRU(2))
        whole = (folder / "m.keras").read_bytes()
        assert zipfile.is_zipfile(folder / "m.keras")
        (folder / "m.keras").write_bytes(whole[:1000])
        assert run(folder, model="m.keras") == 1
        assert re.search(r"cannot load .*m\.keras", capsys.readouterr().err)
