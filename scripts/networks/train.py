"""Step train: a chunk of networks of one cell on one corpus, with their twins.

Each network has two twins with the same initial weights: one that is never trained, and one
trained on shuffled labels. The linear network is a control itself and has none.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from unrolled.data import load_corpus
from unrolled.networks import make_network, save_networks
from unrolled.record import run_step
from unrolled.training import LabelledDocuments, Plan, Recipe, train_networks

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    corpus = load_corpus(step.input.corpus, step.input.vocabulary)
    paper, name, cell = (step.wildcards[key] for key in ("paper", "corpus", "cell"))
    sets = {
        split: LabelledDocuments(corpus.documents(split), corpus.labels_of(split))
        for split in ("train", "validation")
    }
    networks, plans = {}, {}
    for member in step.params.members:
        identity = (paper, name, cell, member)
        rng = step.generator(*identity, "initial")
        units = int(rng.choice(step.params.network["units"]))
        drawn = {
            key: float(rng.choice(step.params.recipe[key]))
            for key in ("learning_rate", "weight_decay")
        }
        recipe = Recipe(**{**step.params.recipe, **drawn})
        about = {"corpus": name, "member": member}
        untrained = make_network(
            cell,
            **{**step.params.network, "units": units},
            vocabulary=len(corpus.words),
            rng=rng,
            metadata={**about, "twin": "untrained"},
        )
        networks[f"untrained_{member}"] = untrained
        shuffle = step.generator(*identity, "shuffle")
        labels: dict[str, list] = {
            "trained": [None, None],
            "shuffled": [shuffle.permutation(one.labels) for one in sets.values()],
        }
        for twin in ["trained"] if cell == "linear" else ["trained", "shuffled"]:
            plans[f"{twin}_{member}"] = Plan(
                network=replace(untrained, metadata={**untrained.metadata, "twin": twin}),
                recipe=recipe,
                rng=step.generator(*identity, "training"),
                labels=labels[twin][0],
                validation_labels=labels[twin][1],
            )
    epoch = -(-len(sets["train"].documents) // step.params.recipe["batch"])
    total = epoch * step.params.recipe["epochs"] * len(plans)
    progress = step.progress(total, f"train {name} {cell}")
    trained = train_networks(
        plans,
        train=sets["train"],
        validation=sets["validation"],
        progress=lambda done, _, loss: progress.update(done, loss=loss),
        checkpoint=step.checkpoint,
    )
    networks.update(trained)
    save_networks(step.output.networks, networks)
