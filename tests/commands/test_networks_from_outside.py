"""Networks and states of a person that lie are read or refused by name; no code of theirs runs."""

import io
import json
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save
from tests.damage import a_thousand, at_most, damaged, nothing_written, read_or_refuse

from unrolled.commands import arrays
from unrolled.commands.arrays import read_input, read_states
from unrolled.commands.models import read_model
from unrolled.networks import (
    from_torch_weights,
    load_networks,
    make_network,
    make_sequence_network,
    save_networks,
)

pytestmark = pytest.mark.faults("networks and arrays from outside")

MEGABYTE = 1 << 20
TORCH = {
    "rnn.weight_ih_l0": np.ones((2, 3)),
    "rnn.weight_hh_l0": np.eye(2),
    "rnn.bias_ih_l0": np.zeros(2),
    "rnn.bias_hh_l0": np.zeros(2),
}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """A good file of networks of ours, as bytes."""
    rng = np.random.default_rng(0)
    sizes = {"units": 2, "rng": rng}
    path = tmp_path_factory.mktemp("good") / "ours"
    words = make_network("gru", embedding=2, vocabulary=3, embedding_scale=0.1, **sizes)
    save_networks(
        path, {"a": words, "b": make_sequence_network("lstm", inputs=1, outputs=1, **sizes)}
    )
    return path.read_bytes()


@pytest.fixture
def weights(tmp_path):
    (tmp_path / "inside").mkdir()
    return tmp_path / "inside" / "n.safetensors"


def safetensors(header, content=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content


def tensor(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(100),
        b"<html>404</html>",
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 2**64 - 1) + b"{}",
        safetensors(b"[" * 100_000),
        safetensors({"rnn.weight_hh_l0": tensor([2**60], 0, 2**62)}),
        safetensors({"rnn.weight_hh_l0": tensor([2**40, 2**40], 0, 8)}, bytes(8)),
        safetensors({"rnn.weight_hh_l0": tensor([2], 8, 0)}, bytes(8)),
        safetensors({"rnn.weight_hh_l0": tensor([2], 0, 8)}, bytes(4)),
        safetensors({"rnn.weight_hh_l0": tensor([-2], 0, 8)}, bytes(8)),
        safetensors({"rnn.weight_hh_l0": tensor([2], 0, 8, "OBJECT")}, bytes(8)),
        safetensors({"a": tensor([2], 0, 8), "b": tensor([2], 0, 8)}, bytes(8)),
    ],
    ids=range(13),
)
def test_a_header_that_lies_takes_no_memory(weights, content):
    """The header of a file of weights announces more than there is."""
    weights.write_bytes(save(TORCH))
    assert from_torch_weights(weights, kind="rnn_tanh").units == 2
    weights.write_bytes(content)
    for read in (from_torch_weights, load_networks):
        with at_most(MEGABYTE), pytest.raises(ValueError, match=r"n\.safetensors"):
            read(weights)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_named(weights, value):
    """A weight is not a finite number."""
    broken = TORCH | {"rnn.weight_hh_l0": np.array([[1.0, value], [0.0, 1.0]])}
    weights.write_bytes(save(broken))
    with pytest.raises(ValueError, match=r"n\.safetensors \(rnn\.weight_hh_l0\): 1 of 4 weights"):
        from_torch_weights(weights, kind="rnn_tanh")
    network = make_network("gru", units=2, embedding=2, vocabulary=3, embedding_scale=0.1,
                           rng=np.random.default_rng(0))  # fmt: skip
    save_networks(weights, {"a": network})
    read_model(weights, layer=None, kind=None)
    network.cell.parameters["recurrent"][0, 0] = value
    save_networks(weights, {"a": network})
    with pytest.raises(ValueError, match=r"n\.safetensors: weights of its gru cell are not finite"):
        read_model(weights, layer=None, kind=None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rnn.weight_hh_l0": np.zeros((0, 0))}, "without any unit"),
        ({"rnn.weight_hh_l0": np.zeros(4)}, r"shape \(4,\)"),
        ({"rnn.weight_hh_l0": np.eye(2, dtype=bool)}, "bool values"),
        ({"rnn.weight_ih_l0": np.zeros((2, 3, 1))}, r"\(2, inputs\) was expected"),
        ({"rnn.bias_ih_l0": np.zeros(3)}, "both have the shape"),
        ({"rnn.weight_hh_l0": np.eye(2, dtype=np.complex64)}, "complex64 values"),
    ],
    ids=str,
)
def test_weights_of_wrong_shape_or_kind_are_named(weights, changes, said):
    """Weights have other dimensions, or are no numbers."""
    weights.write_bytes(save(TORCH | changes))
    with pytest.raises(ValueError, match=rf"n\.safetensors.*{said}"):
        from_torch_weights(weights, kind="rnn_tanh")


@pytest.mark.parametrize(
    "entry",
    [
        None, [], {}, "a", {"a": None}, {"a": []}, {"a": {"cell": []}}, {"a": {"cell": "gru"}},
        {"a": {"cell": "gru", "units": 10**30, "inputs": 2, "metadata": {}}},
        {"a": {"cell": "gru", "units": -2, "inputs": 2, "metadata": {}}},
        {"a": {"cell": "gru", "units": "2", "inputs": 2, "metadata": {}}},
        {"a": {"cell": "gru", "units": 2, "inputs": 2, "nonlinearity": "eval", "metadata": {}}},
        {"../a": {"cell": "gru", "units": 2, "inputs": 2, "metadata": {}}},
    ],
    ids=str,
)  # fmt: skip
def test_metadata_that_lies_is_named(weights, ours, entry):
    """The description of a network does not fit its weights."""
    weights.write_bytes(ours)
    assert sorted(load_networks(weights)) == ["a", "b"]
    text = json.dumps({"format": 1, "networks": entry})
    weights.write_bytes(save({"a/readout": np.zeros(2)}, metadata={"unrolled": text}))
    with nothing_written(weights.parent), pytest.raises(ValueError, match=r"n\.safetensors"):
        load_networks(weights)


@a_thousand
@given(data=st.data())
def test_a_thousand_damaged_files_of_networks_are_read_or_named(weights, ours, data):
    """A file of networks is damaged in a thousand ways."""
    weights.write_bytes(data.draw(damaged(ours)))
    found = read_or_refuse(lambda: load_networks(weights), weights)
    if isinstance(found, dict):
        assert all(network.cell.units == 2 for network in found.values())


@a_thousand
@given(content=damaged(save(TORCH)))
def test_a_thousand_damaged_files_of_weights_are_read_or_named(weights, content):
    """A file of weights is damaged in a thousand ways."""
    weights.write_bytes(content)
    cell = read_or_refuse(lambda: from_torch_weights(weights, kind="rnn_tanh"), weights)
    if not isinstance(cell, ValueError):
        assert np.isfinite(cell.parameters["recurrent"]).all()


DESCRIPTION = st.recursive(
    st.none() | st.integers(-3, 10**20) | st.text(max_size=3) | st.sampled_from(["gru", "signals"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["cell", "units", "inputs", "metadata", "reads", "nonlinearity", "a"]),
        inner,
    ),
)  # fmt: skip


@a_thousand
@given(networks=DESCRIPTION)
def test_a_thousand_descriptions_of_networks_are_read_or_named(weights, networks):
    """A file of networks describes them in a thousand ways."""
    text = json.dumps({"networks": networks})
    weights.write_bytes(save({"a/readout": np.zeros(2)}, metadata={"unrolled": text}))
    read_or_refuse(lambda: load_networks(weights), weights)


def npy(header, content=b""):
    text = header.encode("latin-1")
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def described(shape, kind="'<f8'"):
    return f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}}}"


STATES = np.arange(12.0).reshape(3, 2, 2)


def npz(**entries):
    buffer = io.BytesIO()
    np.savez(buffer, **entries)
    return buffer.getvalue()


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(100),
        npy(described((2**60,))),
        npy(described((2**31, 2**31))),
        npy(described((-1, 2))),
        npy(described((2**45, 2)), bytes(32)),
        npy(described((1, 2), "'O'"), b"cos\nsystem\n(S'true'\ntR."),
        npy(described((1, 2), "'<f8' + __import__('os').getcwd()"), bytes(16)),
        npy("(" * 5000),
        npy("{'shape': (1, 2)}", bytes(16)),
        npy(described((1, 2), "[('a', '<f8')]"), bytes(16)),
        npy(described((1, 2), "'<U1000000000'"), bytes(16)),
        zipped({"states.npy": npy(described((2**60,)))}),
        zipped({"states.npy": npy(described((2**45, 2)), bytes(32))}),
        zipped({"states.npy": b"no array"}),
        zipped({"states.txt": b"1 2"}),
        zipped({"../../states.npy": b"no array"}),
        zipped({}),
        zipped({"states.npy": npy(described((1, 2)), bytes(8))}),
    ],
    ids=range(19),
)
def test_an_array_that_lies_is_named_and_takes_no_memory(tmp_path, content):
    """A file of arrays announces more than there is, or holds objects."""
    path = tmp_path / "states.npz"
    path.write_bytes(npz(states=STATES))
    assert read_states(path, width=2, units=2).sequences.shape == (3, 2, 2)
    path.write_bytes(content)
    with nothing_written(tmp_path), pytest.raises(ValueError, match=r"states\.npz"):
        read_states(path, width=2, units=2)


def test_arrays_that_unpack_to_too_much_are_refused(tmp_path, monkeypatch):
    """A compressed file of arrays unpacks to far more than its size."""
    monkeypatch.setattr(arrays, "_MOST_UNPACKED_BYTES", MEGABYTE)
    path = tmp_path / "states.npz"
    for rows, too_many in ((1000, False), (MEGABYTE // 16, True)):
        np.savez_compressed(path, states=np.zeros((rows, 2)))
        if too_many:
            with at_most(MEGABYTE), pytest.raises(ValueError, match=r"npz .* unpacks to 1,048,"):
                read_states(path, width=2, units=2)
        else:
            assert len(read_states(path, width=2, units=2).states) == rows


def test_a_million_columns_and_thousands_of_arrays_are_refused_in_a_short_message(tmp_path):
    """Arrays have a million columns, or there are thousands of them."""
    path = tmp_path / "states.npz"
    for content in (npz(states=np.zeros((1, 1_000_000))),
                    npz(**{f"a{n}": np.zeros(1) for n in range(3000)})):  # fmt: skip
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"states\.npz") as caught:
            read_states(path, width=2, units=2)
        assert len(str(caught.value)) < 600


@pytest.mark.parametrize("read", [read_states, read_input])
@pytest.mark.filterwarnings("ignore")
def test_a_thousand_damaged_arrays_are_read_or_named(tmp_path, read):
    """A file of arrays is damaged in a thousand ways."""
    whole = STATES if read is read_states else np.ones(2)
    alone = io.BytesIO()
    np.save(alone, whole)
    path = tmp_path / "an.array"
    more = {"units": 2} if read is read_states else {}

    @a_thousand
    @given(content=damaged(alone.getvalue(), npz(states=whole), npz(input=whole, other=STATES)))
    def each(content):
        path.write_bytes(content)
        found = read_or_refuse(lambda: read(path, width=2, **more), path)
        if isinstance(found, np.ndarray):
            assert np.isfinite(found).all()

    each()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A good model of Keras, as bytes."""
    keras = pytest.importorskip("keras")
    path = tmp_path_factory.mktemp("keras") / "m.keras"
    keras.Sequential([keras.Input((None, 3)), keras.layers.GRU(2)]).save(path)
    return path.read_bytes()


class TestKeras:
    """Models that Keras saved, and that somebody changed."""

    @pytest.fixture
    def model(self, tmp_path):
        (tmp_path / "inside").mkdir()
        return tmp_path / "inside" / "m.keras"

    def changed(self, whole, change, method=zipfile.ZIP_STORED):
        """A model file with another configuration."""
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        config = json.loads(entries["config.json"])
        layer = next(x for x in config["config"]["layers"] if x["class_name"] == "GRU")
        change(layer)
        return zipped(entries | {"config.json": json.dumps(config).encode()}, method)

    def refused(self, model, content, said):
        model.write_bytes(content)
        with nothing_written(model.parent), pytest.raises(ValueError, match=said) as caught:
            read_model(model, layer=None, kind=None)
        assert str(model) in str(caught.value)

    def test_the_control_is_read(self, model, whole):
        """A model was taken apart and put together again."""
        model.write_bytes(self.changed(whole, lambda layer: None))
        assert read_model(model, layer=None, kind=None).cell.units == 2

    @pytest.mark.parametrize(
        ("module", "name"),
        [
            ("os", "system"),
            ("builtins", "eval"),
            ("subprocess", "Popen"),
            ("keras.utils", "get_file"),
        ],
    )
    def test_a_model_that_names_a_function_to_run_runs_nothing(self, model, whole, module, name):
        """A Keras model names functions that run commands or fetch files."""
        trace = model.parent / "trace"

        def change(layer):
            layer["config"]["activation"] = {
                "module": module, "class_name": name, "registered_name": name,
                "config": {"args": [f"touch {trace}"], "origin": f"file://{trace}"},
            }  # fmt: skip

        self.refused(model, self.changed(whole, change), "Keras cannot load")

    def test_a_model_with_a_lambda_inside_a_layer_runs_nothing(self, model, whole):
        """A Keras model holds Python code inside another layer."""
        keras = pytest.importorskip("keras")
        layers = keras.layers
        inner = layers.TimeDistributed(layers.Lambda(lambda x: x))
        keras.Sequential([keras.Input((None, 3)), inner, layers.GRU(2)]).save(model)
        self.refused(model, model.read_bytes(), "Lambda layer: Python code, which is not run")

    def test_a_model_that_reads_other_files_is_refused(self, model, whole):
        """A Keras model asks for a file of the machine that reads it."""

        def change(layer):
            layer |= {
                "module": "keras.layers", "class_name": "StringLookup",
                "config": {"name": "look", "vocabulary": "/etc/passwd"},
            }  # fmt: skip

        self.refused(model, self.changed(whole, change), r"m\.keras")

    @pytest.mark.parametrize("units", [10**6, 10**12, 10**30])
    def test_a_model_with_more_units_than_bytes_takes_no_memory(self, model, whole, units):
        """A Keras model asks for a billion weights that it does not bring."""
        content = self.changed(whole, lambda layer: layer["config"].update(units=units))
        self.refused(model, content, f"at least {units**2:,} weights")

    def test_a_compressed_model_is_refused(self, model, whole):
        """A Keras model is compressed, as a bomb would be."""
        content = self.changed(whole, lambda layer: None, zipfile.ZIP_DEFLATED)
        self.refused(model, content, "Keras does not compress")

    @pytest.mark.parametrize("kept", [0, 100, 1000, -1000, -20])
    def test_a_model_that_was_cut_short_is_named(self, model, whole, kept):
        """A Keras model was cut short."""
        self.refused(model, whole[:kept], "Keras cannot load")

    def test_a_thousand_damaged_models_are_read_or_named(self, model, whole):
        """A Keras model is damaged in a thousand ways."""

        @a_thousand
        @given(content=damaged(whole))
        def each(content):
            model.write_bytes(content)
            with nothing_written(model.parent):
                read_or_refuse(lambda: read_model(model, layer=None, kind=None), model)

        each()
