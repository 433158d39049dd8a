"""Which of several networks is the best."""

from collections.abc import Mapping

from .classifier import Network


def rank_members(networks: Mapping[str, Network]) -> list[int]:
    """Numbers of the trained networks of a population, the best on validation first.

    Parameters
    ----------
    networks : mapping of str to Network
        Named ``<twin>_<number>``; those called ``trained_<number>`` are compared.

    Returns
    -------
    list of int
        Of equally good ones the lower number comes first.
    """
    accuracies = {
        network.metadata["member"]: network.metadata["validation_accuracy"]
        for name, network in networks.items()
        if name.startswith("trained_")
    }
    return sorted(accuracies, key=lambda member: (-accuracies[member], member))
