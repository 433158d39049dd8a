"""Step line_attractor_train: a chunk of networks of one cell on one corpus, with their twins.

Each network has two twins with the same initial weights: one that is never trained, and one
trained on shuffled labels. The linear network is a control itself and has none.
"""

from typing import TYPE_CHECKING

from unrolled.data import load_corpus
from unrolled.networks import make_network, save_networks
from unrolled.record import run_step
from unrolled.training import LabelledDocuments, Recipe, train_networks

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    corpus = load_corpus(step.input.corpus, step.input.vocabulary)
    cell, name = step.wildcards.cell, step.wildcards.corpus
    sets = {
        split: LabelledDocuments(corpus.documents(split), corpus.labels_of(split))
        for split in ("train", "validation")
    }
    networks, jobs = {}, {}
    for member in step.params.members:
        identity = ("line_attractor", name, cell, member)
        rng = step.generator(*identity, "initial")
        settings = {**step.params.network, "units": int(rng.choice(step.params.network["units"]))}
        drawn = {
            key: float(rng.choice(step.params.recipe[key]))
            for key in ("learning_rate", "weight_decay")
        }
        untrained = make_network(
            cell,
            **settings,
            vocabulary=len(corpus.words),
            rng=rng,
            metadata={"corpus": name, "member": member, "twin": "untrained"},
        )
        networks[f"untrained_{member}"] = untrained
        recipe = Recipe(**{**step.params.recipe, **drawn})
        jobs[f"trained_{member}"] = (untrained, recipe, sets, identity)
        if cell != "linear":
            shuffle = step.generator(*identity, "shuffle")
            shuffled = {
                split: LabelledDocuments(one.documents, shuffle.permutation(one.labels))
                for split, one in sets.items()
            }
            jobs[f"shuffled_{member}"] = (untrained, recipe, shuffled, identity)
    networks.update(train_networks(jobs))
    save_networks(step.output.networks, networks)
