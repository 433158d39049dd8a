from dataclasses import replace

import numpy as np

from unrolled.networks import make_network, rank_members


def test_the_best_on_validation_come_first_and_ties_go_to_the_lower_number():
    plain = make_network(
        "vanilla", units=2, embedding=2, vocabulary=3, embedding_scale=1.0,
        rng=np.random.default_rng(0),
    )  # fmt: skip

    def network(member, accuracy=None):
        known = {} if accuracy is None else {"validation_accuracy": accuracy}
        return replace(plain, metadata={"member": member, **known})

    networks = {
        "trained_10": network(10, 0.8),
        "trained_2": network(2, 0.8),
        "trained_0": network(0, 0.7),
        "trained_1": network(1, 0.9),
        "untrained_0": network(0),
        "shuffled_0": network(0, 0.99),
    }
    assert rank_members(networks) == [1, 2, 10, 0]
