import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from unrolled.networks import (
    CELLS,
    load_network,
    load_networks,
    make_network,
    make_sequence_network,
    save_networks,
)


def network(name="gru", seed=0, nonlinearity="tanh", **metadata):
    return make_network(
        name,
        units=3,
        embedding=2,
        vocabulary=6,
        embedding_scale=0.1,
        rng=np.random.default_rng(seed),
        nonlinearity=nonlinearity,
        metadata=metadata,
    )


def signal_network(name="gru", seed=0, nonlinearity="tanh", **metadata):
    rng = np.random.default_rng(seed)
    made = make_sequence_network(
        name, units=3, inputs=2, outputs=4, rng=rng, nonlinearity=nonlinearity, metadata=metadata
    )
    values = {"initial_state": np.arange(made.state_size), "readout_bias": np.ones(4)}
    return made.with_parameters(values, metadata=made.metadata)


def assert_same(first, second):
    assert type(first) is type(second)
    assert first.cell.name == second.cell.name
    assert first.cell.nonlinearity == second.cell.nonlinearity
    assert dict(first.metadata) == dict(second.metadata)
    for key, value in first.parameters().items():
        np.testing.assert_array_equal(value, second.parameters()[key])


def test_a_population_comes_back_as_it_was(tmp_path):
    networks = {f"trained_{k}": network(name, k, rank=k) for k, name in enumerate(CELLS)}
    networks["bent"] = network("lstm", nonlinearity="relu")
    save_networks(tmp_path / "n.safetensors", networks)
    loaded = load_networks(tmp_path / "n.safetensors")
    assert list(loaded) == sorted(networks)
    for name, saved in networks.items():
        assert_same(saved, loaded[name])
        assert loaded[name].embedding.dtype == np.float64


def test_a_file_says_nothing_of_the_usual_nonlinearity_as_older_files_do(tmp_path):
    save_networks(tmp_path / "n", {"a": network("ugrnn", 1)})
    with safe_open(tmp_path / "n", framework="numpy") as file:
        entry = json.loads(file.metadata()["unrolled"])["networks"]["a"]
    assert set(entry) == {"cell", "units", "inputs", "metadata"}
    assert load_network(tmp_path / "n").cell.nonlinearity == "tanh"


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("name", ["vanilla", "ugrnn", "gru", "lstm"])
def test_a_network_that_reads_signals_comes_back_as_it_was(tmp_path, name, nonlinearity):
    saved = signal_network(name, nonlinearity=nonlinearity, losses=[0.5, None], diverged=None)
    save_networks(tmp_path / "n.safetensors", {"a": saved})
    loaded = load_network(tmp_path / "n.safetensors")
    assert_same(saved, loaded)
    inputs = np.random.default_rng(0).standard_normal((3, 5, 2))
    np.testing.assert_array_equal(
        loaded.read(loaded.states(inputs)), saved.read(saved.states(inputs))
    )


def test_readers_of_words_and_of_signals_may_share_a_file(tmp_path):
    networks = {"signals": signal_network(seed=1), "words": network(seed=2)}
    save_networks(tmp_path / "n", networks)
    loaded = load_networks(tmp_path / "n")
    for name, saved in networks.items():
        assert_same(saved, loaded[name])


def test_numbers_beyond_single_precision_are_kept(tmp_path):
    plain = network()
    precise = plain.with_parameters(
        {key: value + 1e-12 for key, value in plain.parameters().items()}, metadata={}
    )
    save_networks(tmp_path / "n.safetensors", {"a": precise})
    assert_same(precise, load_network(tmp_path / "n.safetensors"))


def test_the_order_of_networks_and_of_metadata_does_not_change_the_bytes(tmp_path):
    first = {"a": network(seed=1, x=1, y=2), "b": network(seed=2)}
    second = {"b": network(seed=2), "a": network(seed=1, y=2, x=1)}
    save_networks(tmp_path / "1", first)
    save_networks(tmp_path / "2", second)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_two_processes_write_the_same_bytes(tmp_path):
    program = (
        "import sys, numpy as np\n"
        "from unrolled.networks import make_network, save_networks\n"
        "n = make_network('lstm', units=3, embedding=2, vocabulary=6, embedding_scale=0.1,\n"
        "                 rng=np.random.default_rng(0), metadata={'seed': 0, 'corpus': 'film'})\n"
        "save_networks(sys.argv[1], {'trained_0': n, 'untrained_0': n})\n"
    )
    for name in "12":
        subprocess.run([sys.executable, "-c", program, str(tmp_path / name)], check=True)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_one_network_of_several_is_loaded_by_name(tmp_path):
    path = tmp_path / "n.safetensors"
    save_networks(path, {"a": network(seed=1), "b": network(seed=2)})
    assert_same(load_network(path, "b"), network(seed=2))
    with pytest.raises(ValueError, match=r"Say which network to load.*a, b"):
        load_network(path)
    with pytest.raises(ValueError, match=r"no network 'c'.*a, b"):
        load_network(path, "c")


@pytest.mark.parametrize("kept", [0, 5, 100, -10])
def test_a_truncated_file_is_named_with_the_next_command(tmp_path, kept):
    path = tmp_path / "n.safetensors"
    save_networks(path, {"a": network()})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"n\.safetensors \(\d+ bytes\).*rm .*snakemake"):
        load_networks(path)


def test_garbage_and_strangers_are_named(tmp_path):
    (tmp_path / "garbage").write_bytes(b"\xff" * 4000)
    with pytest.raises(ValueError, match="garbage"):
        load_networks(tmp_path / "garbage")
    save_file({"weights": np.zeros(3)}, tmp_path / "stranger")
    with pytest.raises(ValueError, match="stranger"):
        load_networks(tmp_path / "stranger")


def test_a_missing_file_is_named_with_the_next_command(tmp_path):
    with pytest.raises(FileNotFoundError, match="snakemake --cores all"):
        load_networks(tmp_path / "none.safetensors")


def test_what_cannot_be_saved_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no networks"):
        save_networks(tmp_path / "n", {})
    with pytest.raises(ValueError, match="slash"):
        save_networks(tmp_path / "n", {"a/b": network()})
    with pytest.raises(ValueError, match="not plain JSON"):
        save_networks(tmp_path / "n", {"a": network(array=np.zeros(2))})
    with pytest.raises(ValueError, match="not plain JSON"):
        save_networks(tmp_path / "n", {"a": network(loss=float("nan"))})
    assert not (tmp_path / "n").exists()
