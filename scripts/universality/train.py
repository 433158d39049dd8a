"""Step universality_train: a chunk of networks of one kind on one task, with their twins.

All networks of a task see the same batches in the same order. The first few of each kind have
twins with the same first weights: one that is never trained, and for the memory one that is trained
on two bits of three, the third channel dead.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from unrolled.networks import make_sequence_network, save_networks
from unrolled.record import run_step
from unrolled.tasks import TrialStream, make_task
from unrolled.training import Course, SequencePlan, train_sequences

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    name, cell, nonlinearity, units, penalty = (
        step.wildcards[key] for key in ("task", "cell", "nonlinearity", "units", "penalty")
    )
    settings = dict(step.params.course)
    batch = settings.pop("batch")
    course = Course(**settings, penalty=float(penalty))
    task = make_task(name, step.params.task)
    seed = int(step.generator("universality", name, "stream").integers(2**62))
    streams = {"trained": TrialStream(task, batch, seed)}
    if name == "memory":
        streams["dead"] = TrialStream(replace(task, dead=(task.bits - 1,)), batch, seed)
    first, careful = step.params.first_weights, (cell, nonlinearity) == ("vanilla", "relu")
    networks, plans = {}, {}
    for twin, stream in streams.items():
        for member in step.params.members:
            has_twins = member < step.params.controls
            if twin == "dead" and not has_twins:
                continue
            about = {"task": name, "penalty": float(penalty), "member": member}
            untrained = make_sequence_network(
                cell,
                units=int(units),
                inputs=len(task.input_names),
                outputs=len(task.output_names),
                rng=step.generator(
                    "universality", name, cell, nonlinearity, units, penalty, member, "initial"
                ),
                nonlinearity=nonlinearity,
                recurrent_gain=first["vanilla_relu_gain" if careful else "gain"],
                identity_gain=first["vanilla_relu_identity"] if careful else 0.0,
                metadata={**about, "twin": "untrained"},
            )
            if has_twins:
                networks[f"untrained_{member}"] = untrained
            plans[f"{twin}_{member}"] = SequencePlan(
                replace(untrained, metadata={**untrained.metadata, "twin": twin}), stream, course
            )
    progress = step.progress(course.steps * len(plans), f"train {name} {cell} {nonlinearity}")
    trained = dict(
        train_sequences(
            plans,
            side_by_side=step.params.side_by_side,
            progress=lambda done, _, loss: progress.update(done, loss=loss),
            checkpoint=step.checkpoint,
        )
    )
    for one, network in trained.items():
        if network.metadata["diverged"] is not None:
            step.log.info("%s diverged at step %d", one, network.metadata["diverged"])
    save_networks(step.output.networks, networks | trained)
