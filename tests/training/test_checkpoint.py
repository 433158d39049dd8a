"""A training that is killed ends, when it goes on, in the bytes of one that never was."""

import errno
import itertools
import signal
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unrolled.networks import save_networks
from unrolled.training import train_networks
from unrolled.training.checkpoint import Checkpoint
from unrolled.training.stepper import CompiledStep

from .test_loop import RECIPE, TRAIN, VALIDATION, counting_task, plan

pytest.importorskip("tensorflow")

EPOCH = 19  # steps
NETWORK = 2 * EPOCH


class Killed(Exception):
    pass


def two_plans():
    return {"a": plan("vanilla", seed=1), "b": plan("vanilla", seed=2)}


@pytest.fixture(scope="module")
def compiled():
    """One compiled step for the whole module; whatever it did before must not matter."""
    made = {}

    def make(cell, parameters, **kind):
        key = (cell.name, *(value.shape for value in parameters.values()), *kind.values())
        if key not in made:
            made[key] = CompiledStep(cell, parameters, **kind)
        return made[key]

    return make


@pytest.fixture(autouse=True)
def settings(compiled, monkeypatch):
    monkeypatch.setattr("unrolled.training.loop.CompiledStep", compiled)
    monkeypatch.setattr("unrolled.training.checkpoint.SECONDS_BETWEEN", 0.0)


@pytest.fixture
def train(tmp_path):
    """Train into a file, with or without a checkpoint; returns the file's bytes."""

    def run(plans=None, *, checkpoint=None, kill_at=None, documents=TRAIN):
        def progress(done, _, loss):
            steps.append(done)
            if done == kill_at:
                raise Killed

        steps = []
        networks = train_networks(
            plans or two_plans(),
            train=documents,
            validation=VALIDATION,
            progress=progress,
            checkpoint=checkpoint,
        )
        save_networks(tmp_path / "networks", dict(networks))
        run.steps = steps
        return (tmp_path / "networks").read_bytes()

    return run


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize(
    "step", [1, 8, EPOCH, EPOCH + 1, NETWORK - 1, NETWORK, NETWORK + 1, NETWORK + 25, 2 * NETWORK]
)
def test_killed_after_any_step_it_ends_in_the_same_bytes(train, tmp_path, monkeypatch, step, every):
    turns = itertools.cycle([False] * (every - 1) + [True])
    monkeypatch.setattr(Checkpoint, "due", property(lambda self: next(turns)))
    with pytest.raises(Killed):
        train(checkpoint=tmp_path / "c", kill_at=step)
    resumed = train(checkpoint=tmp_path / "c")
    left = 2 * NETWORK - step
    assert left <= len(train.steps) < left + every
    assert resumed == train()


def test_killed_again_and_again_it_ends_in_the_same_bytes(train, tmp_path):
    for step in (5, 6, 30, 40, 70):
        with pytest.raises(Killed):
            train(checkpoint=tmp_path / "c", kill_at=step)
    assert train(checkpoint=tmp_path / "c") == train()


def test_killed_while_a_checkpoint_is_written_the_one_before_counts(train, tmp_path, monkeypatch):
    def crash(*_):
        raise Killed

    with pytest.raises(Killed):
        train(checkpoint=tmp_path / "c", kill_at=11)
    with monkeypatch.context() as patch:
        patch.setattr("unrolled.training.checkpoint.os.replace", crash)
        with pytest.raises(Killed):
            train(checkpoint=tmp_path / "c")
    resumed = train(checkpoint=tmp_path / "c")
    assert train.steps[0] == 12
    assert resumed == train()


def test_a_disk_that_is_full_costs_the_checkpoint_and_not_the_training(
    train, tmp_path, monkeypatch
):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("unrolled.training.checkpoint.os.fsync", full)
        with pytest.warns(UserWarning, match="cannot be written .*No space left.*goes on"):
            finished = train(checkpoint=tmp_path / "c")
    assert not list((tmp_path / "c").iterdir())
    assert finished == train()


def test_a_process_that_was_killed_leaves_what_another_needs(train, tmp_path):
    program = (
        "import os, signal, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "import unrolled.training.checkpoint as checkpoint\n"
        "from unrolled.training import train_networks\n"
        "from training.test_checkpoint import TRAIN, VALIDATION, two_plans\n"
        "checkpoint.SECONDS_BETWEEN = 0.0\n"
        "def progress(done, total, loss):\n"
        "    if done == 27:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "dict(train_networks(two_plans(), train=TRAIN, validation=VALIDATION, progress=progress,\n"
        "                    checkpoint=sys.argv[1]))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path / "c")], check=False)
    assert ended.returncode == -signal.SIGKILL
    resumed = train(checkpoint=tmp_path / "c")
    assert train.steps[0] == 28
    assert resumed == train()


def test_networks_that_were_finished_are_not_trained_again(train, tmp_path):
    first = train(checkpoint=tmp_path / "c")
    assert train(checkpoint=tmp_path / "c") == first
    assert train.steps == []


def test_the_moments_of_saving_alter_nothing(train, tmp_path, monkeypatch):
    always = train(checkpoint=tmp_path / "always")
    monkeypatch.setattr("unrolled.training.checkpoint.SECONDS_BETWEEN", 1e9)
    assert train(checkpoint=tmp_path / "at_the_end") == always == train()


def damaged(kind, content):
    """A file's bytes after an accident."""
    if kind == "empty":
        return b""
    if kind == "cut":
        return content[: len(content) // 2]
    if kind == "last byte lost":
        return content[:-1]
    if kind == "another format":
        return b"\x80\x04." + content
    place = {"number changed": -9, "text changed": content.index(b"epoch")}[kind]
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    "kind",
    ["empty", "cut", "last byte lost", "another format", "number changed", "text changed"],
)
def test_a_damaged_checkpoint_is_not_used(train, tmp_path, kind):
    with pytest.raises(Killed):
        train(checkpoint=tmp_path / "c", kill_at=EPOCH + 4)
    file = tmp_path / "c" / "a.safetensors"
    file.write_bytes(damaged(kind, file.read_bytes()))
    with pytest.warns(UserWarning, match=r"a\.safetensors is of no use.*begins anew: ."):
        resumed = train(checkpoint=tmp_path / "c")
    assert train.steps[0] == 1
    assert resumed == train()


OTHERS = {
    "first values": {"plans": {"a": plan("vanilla", seed=5)}},
    "recipe": {"plans": {"a": plan("vanilla", seed=1, recipe=replace(RECIPE, clip=1.0))}},
    "order": {"plans": {"a": replace(plan("vanilla", seed=1), rng=np.random.default_rng(9))}},
    "labels": {"plans": {"a": plan("vanilla", seed=1, labels=1 - TRAIN.labels)}},
    "cell": {"plans": {"a": plan("linear", seed=1)}},
    "documents": {"plans": {"a": plan("vanilla", seed=1)}, "documents": counting_task(300, 7)},
}


@pytest.mark.parametrize("changed", list(OTHERS))
def test_a_checkpoint_of_another_training_is_not_used(train, tmp_path, changed):
    with pytest.raises(Killed):
        train(checkpoint=tmp_path / "c", kill_at=8)
    with pytest.warns(UserWarning, match="of another training|of a training with another"):
        train(checkpoint=tmp_path / "c", **OTHERS[changed])
    assert train.steps[0] == 1


def test_a_checkpoint_of_the_same_training_is_used_without_a_word(train, tmp_path):
    with pytest.raises(Killed):
        train(checkpoint=tmp_path / "c", kill_at=8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(checkpoint=tmp_path / "c")
    assert train.steps[0] == 9


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_every_generator_goes_on_where_it_stood(train, tmp_path, bits):
    def plans():
        return {"a": replace(plan("vanilla"), rng=np.random.Generator(bits(3)))}

    with pytest.raises(Killed):
        train(plans(), checkpoint=tmp_path / "c", kill_at=EPOCH + 4)
    resumed = train(plans(), checkpoint=tmp_path / "c")
    assert train.steps[0] == EPOCH + 5
    assert resumed == train(plans())
