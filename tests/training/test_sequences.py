"""Networks that follow signals: gradient, Adam, and what must not change a network's bytes."""

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest

from unrolled.networks import NONLINEARITIES, make_sequence_network, save_networks
from unrolled.training import Course, SequencePlan, mean_squared_error, train_sequences
from unrolled.training.checkpoint import Checkpoint
from unrolled.training.sequences import Program, loss_and_gradients

tf = pytest.importorskip("tensorflow")

CELLS = ("vanilla", "ugrnn", "gru", "lstm")
TIMES, TRIALS, INPUTS, OUTPUTS = 6, 4, 3, 2
BLOCK = 5  # steps in a call of the program, here
COURSE = Course(13, learning_rate=0.02, final_rate=0.1, clip=0.3, penalty=1e-3, epsilon=1e-3)
SHORT = replace(COURSE, steps=10)  # whole blocks


@dataclass(frozen=True)
class Echo:
    """Noise, of which a mixture has to be repeated a step later."""

    seed: int = 0
    inputs: int = INPUTS
    spoilt: tuple[int, ...] = ()

    def batches(self, first, last):
        drawn = [self.batch(number) for number in range(first, last)]
        return tuple(np.stack(each).astype(np.float32) for each in zip(*drawn, strict=True))

    def batch(self, number):
        rng = np.random.default_rng([self.seed, number])
        inputs = rng.standard_normal((TIMES, TRIALS, self.inputs))
        targets = np.zeros((TIMES, TRIALS, OUTPUTS))
        targets[1:] = inputs[:-1] @ np.linspace(-0.5, 0.7, self.inputs * 2).reshape(-1, 2)
        if number in self.spoilt:
            inputs[2, 1, 0] = np.nan
        return inputs, targets


STREAM = Echo()


def network(name="vanilla", seed=0, *, units=5, nonlinearity="tanh", spread=0.0):
    rng = np.random.default_rng(seed)
    made = make_sequence_network(
        name, units=units, inputs=INPUTS, outputs=OUTPUTS, rng=rng, nonlinearity=nonlinearity,
        metadata={"seed": seed},
    )  # fmt: skip
    values = {
        key: np.float32(value + spread * rng.standard_normal(value.shape))
        for key, value in made.parameters().items()
    }
    values["initial_state"] = np.linspace(-0.3, 0.4, made.state_size, dtype=np.float32)
    return made.with_parameters(values, metadata=made.metadata)


def plan(seed=0, course=COURSE, stream=STREAM, **settings):
    return SequencePlan(network(seed=seed, **settings), stream, course)


# ---------------------------------------------------------------- the gradient


def by_tape(made, values, lead, inputs, targets):
    """The loss of each network by automatic differentiation through a plain loop."""
    cell = {key[5:]: value for key, value in values.items() if key.startswith("cell.")}
    losses = []
    with tf.GradientTape() as tape:
        state = tf.broadcast_to(made.initial_state, (*lead, TRIALS, made.state_size))
        for now, target in zip(inputs, targets, strict=True):
            drive = made.cell.drive(cell, tf.broadcast_to(now, (*lead, TRIALS, INPUTS)))
            state, _ = made.cell.advance(cell, state, drive)
            told = state[..., : made.cell.units] @ values["readout"] + values["readout_bias"]
            losses.append(tf.reduce_mean((told - target) ** 2, axis=(-2, -1)))
        loss = tf.reduce_mean(tf.stack(losses), axis=0)
        total = tf.reduce_sum(loss)
    return loss, tape.gradient(total, values)


@pytest.mark.parametrize("lead", [(), (3,)])
@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
@pytest.mark.parametrize("name", CELLS)
def test_the_gradient_is_that_of_automatic_differentiation(name, nonlinearity, lead):
    members = [
        network(name, seed, nonlinearity=nonlinearity, spread=0.3)
        for seed in range(3 if lead else 1)
    ]
    packed = [
        {
            key: np.atleast_2d(value)
            for key, value in one.parameters().items()
            if key != "initial_state"
        }
        for one in members
    ]
    stacked = {key: np.stack([one[key] for one in packed]) for key in packed[0]}
    values = {
        key: tf.Variable(value if lead else value[0], dtype=tf.float64)
        for key, value in stacked.items()
    }
    inputs, targets = (np.float64(each[0]) for each in STREAM.batches(0, 1))
    expected_loss, expected = by_tape(members[0], values, lead, inputs, targets)
    loss, gradients = loss_and_gradients(
        members[0].cell, values, tf.constant(members[0].initial_state), tf.constant(inputs),
        tf.constant(targets),
    )  # fmt: skip
    assert loss.shape == lead
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-12)
    assert set(gradients) == set(expected)
    for key, gradient in gradients.items():
        assert np.abs(expected[key]).max() > 1e-4, key  # not right by being 0
        np.testing.assert_allclose(gradient, expected[key], atol=1e-12, err_msg=key)
    if not lead:
        error = mean_squared_error(members[0], inputs.swapaxes(0, 1), targets.swapaxes(0, 1))
        assert float(loss) == pytest.approx(error.mean(), rel=1e-12)


def test_the_error_of_each_output_is_its_own():
    rng = np.random.default_rng(0)
    made = network(spread=0.3)
    inputs, targets = rng.standard_normal((7, 5, INPUTS)), rng.standard_normal((7, 5, OUTPUTS))
    told = made.read(made.states(inputs))
    for output, error in enumerate(mean_squared_error(made, inputs, targets)):
        gaps = told[:, :, output] - targets[:, :, output]
        assert error == pytest.approx((gaps**2).mean())


# ---------------------------------------------------------------- training


@pytest.fixture(scope="module")
def programs():
    """Compiled programs for the whole module; whatever one did before must not matter."""
    made = {}

    def make(model, lead):
        cell = model.cell
        key = (cell.name, cell.nonlinearity, cell.units, model.initial_state.tobytes(), lead)
        if key not in made:
            made[key] = Program(model, lead)
        return made[key]

    return make


@pytest.fixture(autouse=True)
def settings(programs, monkeypatch):
    monkeypatch.setattr("unrolled.training.sequences.Program", programs)
    monkeypatch.setattr("unrolled.training.sequences.BLOCK", BLOCK)
    monkeypatch.setattr("unrolled.training.checkpoint.SECONDS_BETWEEN", 0.0)


def trained(plans, **settings):
    return dict(train_sequences(plans, **settings))


def saved(made, tmp_path):
    save_networks(tmp_path / "n", {"a": made})
    return (tmp_path / "n").read_bytes()


def by_hand(first, course, stream):
    """Adam on the gradient of `loss_and_gradients`, in float64."""
    cell = first.cell
    values = {
        key: np.atleast_2d(value)
        for key, value in first.parameters().items()
        if key != "initial_state"
    }
    means, squares = ({key: 0.0 * value for key, value in values.items()} for _ in range(2))
    losses, norms = [], []
    for step in range(course.steps):
        inputs, targets = (np.float64(each[0]) for each in stream.batches(step, step + 1))
        loss, gradients = loss_and_gradients(
            cell, {key: tf.constant(value) for key, value in values.items()},
            tf.constant(first.initial_state), tf.constant(inputs), tf.constant(targets),
        )  # fmt: skip
        losses.append(float(loss))
        gradients = {
            key: gradient.numpy() + 2 * course.penalty * values[key]
            for key, gradient in gradients.items()
        }
        norms.append(np.sqrt(sum((gradient**2).sum() for gradient in gradients.values())))
        share = step / (course.steps - 1)
        left = course.final_rate + (1 - course.final_rate) * (1 + np.cos(np.pi * share)) / 2
        for key, gradient in gradients.items():
            gradient = gradient * min(1.0, course.clip / norms[-1])
            means[key] = 0.9 * means[key] + 0.1 * gradient
            squares[key] = 0.999 * squares[key] + 0.001 * gradient**2
            corrected = np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
            rate = course.learning_rate * left * corrected
            values[key] = values[key] - rate * means[key] / (np.sqrt(squares[key]) + course.epsilon)
    return values, losses, norms


@pytest.mark.parametrize("clip", [0.3, 1e3])
@pytest.mark.parametrize("penalty", [0.0, 0.05])
def test_training_is_adam_with_clipping_penalty_and_a_cosine(clip, penalty):
    course = replace(COURSE, clip=clip, penalty=penalty)
    first = network(spread=0.3)
    values, losses, norms = by_hand(first, course, STREAM)
    assert (np.array(norms) > clip).any() == (clip == 0.3)
    made = trained({"a": SequencePlan(first, STREAM, course)})["a"]
    for key, value in values.items():
        moved = np.abs(value - np.atleast_2d(first.parameters()[key])).max()
        assert moved > 0.02, key
        np.testing.assert_allclose(
            np.atleast_2d(made.parameters()[key]), value, atol=1e-5, err_msg=key
        )
    blocks = [np.mean(losses[begin : begin + BLOCK]) for begin in range(0, 13, BLOCK)]
    np.testing.assert_allclose(made.metadata["losses"], blocks, rtol=1e-4)
    np.testing.assert_array_equal(made.initial_state, first.initial_state)


def test_the_rate_is_half_a_cosine_from_the_first_step_to_the_last():
    rates = COURSE.rates(0, 13)
    assert rates[0] == pytest.approx(0.02)
    assert rates[-1] == pytest.approx(0.002)
    assert rates[6] == pytest.approx(0.011)
    assert (np.diff(rates) < 0).all()
    np.testing.assert_array_equal(COURSE.rates(4, 9), rates[4:9])
    assert replace(COURSE, steps=1).rates(0, 1) == 0.02


def test_the_loss_falls_and_the_network_follows():
    course = Course(steps=300, learning_rate=0.02, final_rate=0.1, clip=1.0)
    seen = []
    first = plan(course=course)
    made = trained({"a": first}, progress=lambda *said: seen.append(said))["a"]
    assert made.metadata["losses"][-1] < 0.1 * made.metadata["losses"][0]
    inputs, targets = (each[0].swapaxes(0, 1) for each in Echo(seed=9).batches(0, 1))
    before, after = (
        mean_squared_error(one, inputs, targets).mean() for one in (first.network, made)
    )
    assert after < 0.2 * before
    assert [done for done, _, _ in seen] == list(range(BLOCK, 301, BLOCK))
    assert {total for _, total, _ in seen} == {300}
    assert [loss for *_, loss in seen] == made.metadata["losses"]


def test_a_network_learns_what_it_is_told_about(tmp_path):
    made = trained({"a": plan(3)})["a"]
    expected = {
        "steps": 13, "learning_rate": 0.02, "final_rate": 0.1, "clip": 0.3, "penalty": 1e-3,
        "epsilon": 1e-3,
    }  # fmt: skip
    assert made.metadata["course"] == expected
    assert made.metadata["seed"] == 3
    assert made.metadata["diverged"] is None
    assert len(made.metadata["losses"]) == 3  # blocks of 5, 5 and 3 steps
    assert saved(made, tmp_path)


def test_neither_neighbours_nor_order_nor_chunk_change_a_networks_bytes(tmp_path):
    plans = {f"n{seed}": plan(seed) for seed in range(3)}
    plans["relu"] = plan(1, SHORT, nonlinearity="relu")
    alone = {name: saved(trained({name: one})[name], tmp_path) for name, one in plans.items()}
    assert len(set(alone.values())) == 4
    for names in (list(plans), list(plans)[::-1], ["n1", "relu", "n0"]):
        together = trained({name: plans[name] for name in names})
        assert list(together) == names
        for name, made in together.items():
            assert saved(made, tmp_path) == alone[name]


def test_the_length_of_a_block_changes_no_bytes(tmp_path, monkeypatch):
    whole = trained({"a": plan()})["a"].parameters()
    monkeypatch.setattr("unrolled.training.sequences.BLOCK", 13)
    for key, value in trained({"a": plan()})["a"].parameters().items():
        assert value.tobytes() == whole[key].tobytes(), key


def in_first_state(first):
    made = network()
    return made.with_parameters({"initial_state": np.full(5, first)}, metadata=made.metadata)


def test_each_network_begins_in_its_own_first_state(tmp_path):
    plans = {name: SequencePlan(in_first_state(first), STREAM, SHORT)
             for name, first in (("a", 0.0), ("b", 1.0))}  # fmt: skip
    alone = {name: saved(trained({name: one})[name], tmp_path) for name, one in plans.items()}
    assert alone["a"] != alone["b"]
    for name, made in trained(plans).items():
        assert saved(made, tmp_path) == alone[name]
    values, _, _ = by_hand(plans["b"].network, plans["b"].course, STREAM)
    found = trained(plans)["b"].parameters()
    for key, value in values.items():
        np.testing.assert_allclose(np.atleast_2d(found[key]), value, atol=1e-5, err_msg=key)


def test_side_by_side_networks_learn_the_same():
    plans = three_plans()
    alone, together = trained(plans), trained(plans, side_by_side=3)
    assert list(together) == list(plans)
    for one in plans:
        for key, value in alone[one].parameters().items():
            # Sums in another order differ in float32's last bits; weights moved by 0.02 and more.
            np.testing.assert_allclose(together[one].parameters()[key], value, atol=1e-5)
        np.testing.assert_allclose(
            together[one].metadata["losses"], alone[one].metadata["losses"], rtol=1e-4
        )


def test_only_what_one_program_can_train_goes_side_by_side(monkeypatch):
    class Idle(Program):
        """Makes no steps."""

        def run(self, inputs, *_):
            self._step += len(inputs)
            return np.zeros((len(inputs), *(self._lead or (1,))))

    monkeypatch.setattr("unrolled.training.sequences.Program", Idle)
    plans = [
        *(plan(seed) for seed in range(4)),
        plan(4, SHORT),
        plan(5, stream=Echo(5)),
        *(plan(seed, name="gru") for seed in (6, 7)),
        replace(plan(8), network=in_first_state(1.0)),
        plan(9),
    ]
    done = []
    named = {f"n{number}": one for number, one in enumerate(plans)}
    trained(named, side_by_side=3, progress=lambda *said: done.append(said[:2]))
    together = [(3, 13), (1, 13), (1, 10), (1, 13), (2, 13), (1, 13), (1, 13)]
    expected = [
        networks * min(BLOCK, steps - first)
        for networks, steps in together
        for first in range(0, steps, BLOCK)
    ]
    assert done == [(each, 9 * 13 + 10) for each in np.cumsum(expected)]


# ---------------------------------------------------------------- what goes wrong


def broken(first):
    """A network whose first error is larger than single precision can hold."""
    huge = np.full_like(first.readout, 1e30)
    return first.with_parameters({"readout": huge}, metadata=first.metadata)


@pytest.mark.parametrize("side_by_side", [1, 3])
def test_a_network_that_fails_keeps_its_values_and_the_others_do_not_notice(tmp_path, side_by_side):
    plans = three_plans()
    sound = trained(plans, side_by_side=side_by_side)
    failing = plans | {"n1": replace(plans["n1"], network=broken(plans["n1"].network))}
    found = trained(failing, side_by_side=side_by_side)
    for name in ("n0", "n2"):
        assert saved(found[name], tmp_path) == saved(sound[name], tmp_path)
    failed = found["n1"]
    assert failed.metadata["diverged"] == 1
    assert failed.metadata["losses"] == [None, None]
    for key, value in failed.parameters().items():
        np.testing.assert_array_equal(value, np.float32(failing["n1"].network.parameters()[key]))
    assert saved(failed, tmp_path)


def test_a_rate_that_is_far_too_high_is_noted_at_the_step_that_failed():
    course = replace(COURSE, learning_rate=1e25, penalty=0.0)
    made = trained({"a": plan(course=course, spread=0.2)})["a"]
    # Its first step threw the weights so far that the next error cannot be held.
    assert made.metadata["diverged"] == 2
    assert np.abs(made.readout).max() > 1e20
    for value in made.parameters().values():
        assert np.isfinite(value).all()


@pytest.mark.parametrize("side_by_side", [1, 3])
@pytest.mark.parametrize("number", [3, 7])
def test_a_network_that_failed_is_not_trained_on(number, side_by_side):
    # Later batches are sound again.
    stream = Echo(spoilt=(number,))
    plans = three_plans(stream=stream)
    for made in trained(plans, side_by_side=side_by_side).values():
        assert made.metadata["diverged"] == number + 1
        failed = number // BLOCK
        assert made.metadata["losses"][failed:] == [None] * (2 - failed)
        assert None not in made.metadata["losses"][:failed]


def test_the_values_of_a_failed_network_are_those_of_the_step_before():
    stream = Echo(spoilt=(7,))
    stopped = trained({"a": plan(stream=stream)})["a"]

    class Still(Course):
        """The same first steps, and no more."""

        def rates(self, first, last):
            return np.where(np.arange(first, last) < 7, COURSE.rates(first, last), 0.0)

    still = Still(**{key: getattr(COURSE, key) for key in COURSE.__dataclass_fields__})
    expected = trained({"a": plan(course=still)})["a"]
    for key, value in stopped.parameters().items():
        np.testing.assert_array_equal(value, expected.parameters()[key], err_msg=key)


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("steps", 0, "a whole number of 1 or more"),
        ("learning_rate", 0.0, "a positive number"),
        ("learning_rate", float("nan"), "a positive number"),
        ("final_rate", 1.5, "between 0 and 1"),
        ("clip", float("inf"), "a positive number"),
        ("penalty", -1.0, "0 or more"),
        ("epsilon", 0.0, "a positive number"),
    ],
)
def test_a_course_that_cannot_work_is_refused(setting, value, words):
    with pytest.raises(ValueError, match=rf"setting {setting} is .*it must be {words}"):
        replace(COURSE, **{setting: value})


def test_what_cannot_be_trained_is_refused_at_once():
    with pytest.raises(ValueError, match=r"'b' reads 3 and tells 2 .* 4 inputs and 2 targets"):
        train_sequences({"a": plan(), "b": plan(stream=Echo(inputs=4))})
    with pytest.raises(ValueError, match="side_by_side is 0"):
        train_sequences({"a": plan()}, side_by_side=0)


# ---------------------------------------------------------------- checkpoints


class Killed(Exception):
    pass


def killed_after(steps):
    def progress(done, *_):
        if done == steps:
            raise Killed

    return progress


def three_plans(course=SHORT, **settings):
    return {f"n{seed}": plan(seed, course, spread=0.2, **settings) for seed in range(3)}


# For so many side by side: the course, and how many steps are made after each block.
WAYS = {
    1: (COURSE, [5, 10, 13, 18, 23, 26, 31, 36, 39]),
    3: (SHORT, [15, 30]),
}


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize(("side_by_side", "blocks"), [(1, 1), (1, 3), (1, 5), (3, 1), (3, 2)])
def test_killed_after_any_block_it_ends_in_the_same_bytes(
    tmp_path, monkeypatch, blocks, every, side_by_side
):
    turns = itertools.cycle([False] * (every - 1) + [True])
    monkeypatch.setattr(Checkpoint, "due", property(lambda self: next(turns)))
    course, ends = WAYS[side_by_side]
    settings = {"side_by_side": side_by_side, "checkpoint": tmp_path / "c"}
    with pytest.raises(Killed):
        trained(three_plans(course), **settings, progress=killed_after(ends[blocks - 1]))
    seen = []
    resumed = trained(three_plans(course), **settings, progress=lambda done, *_: seen.append(done))
    # With every second checkpoint only, the last block may have to be made again.
    assert seen in [ends[begin:] for begin in range(blocks - every + 1, blocks + 1)]
    whole = trained(three_plans(course), side_by_side=side_by_side)
    for name, made in whole.items():
        assert saved(resumed[name], tmp_path) == saved(made, tmp_path)


def test_a_failure_before_the_interruption_is_remembered(tmp_path):
    plans = {"a": plan(stream=Echo(spoilt=(3,)))}
    with pytest.raises(Killed):
        trained(plans, checkpoint=tmp_path / "c", progress=killed_after(10))
    resumed = trained(plans, checkpoint=tmp_path / "c")["a"]
    assert resumed.metadata["diverged"] == 4
    assert saved(resumed, tmp_path) == saved(trained(plans)["a"], tmp_path)


def test_networks_that_were_finished_are_not_trained_again(tmp_path):
    first = trained(three_plans(), checkpoint=tmp_path / "c")
    seen = []
    again = trained(
        three_plans(), checkpoint=tmp_path / "c", progress=lambda *said: seen.append(said)
    )
    assert seen == []
    for name, made in first.items():
        assert saved(made, tmp_path) == saved(again[name], tmp_path)


OTHERS = {
    "first values": plan(7, SHORT),
    "first state": replace(plan(0, SHORT), network=in_first_state(1.0)),
    "stream": plan(0, SHORT, Echo(5)),
    "course": plan(0, replace(SHORT, clip=0.4)),
    "nonlinearity": plan(0, SHORT, nonlinearity="relu"),
}


@pytest.mark.parametrize("changed", list(OTHERS))
def test_a_checkpoint_of_another_training_is_not_used(tmp_path, changed):
    with pytest.raises(Killed):
        trained({"a": plan(0, SHORT)}, checkpoint=tmp_path / "c", progress=killed_after(5))
    seen = []
    with pytest.warns(UserWarning, match="of a training with another"):
        made = trained(
            {"a": OTHERS[changed]}, checkpoint=tmp_path / "c",
            progress=lambda done, *_: seen.append(done),
        )["a"]  # fmt: skip
    assert seen[0] == BLOCK
    assert saved(made, tmp_path) == saved(trained({"a": OTHERS[changed]})["a"], tmp_path)
