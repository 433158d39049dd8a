"""A real Slurm of one node, for the tests that want one."""

import pytest
from slurm_node import SlurmNode, missing_packages


@pytest.fixture(scope="module")
def node():
    lacking = missing_packages()
    if lacking:
        pytest.skip(f"Slurm is not installed: apt-get install {' '.join(lacking)}")
    with SlurmNode() as node:
        yield node


@pytest.fixture
def slurm(node, monkeypatch):
    """The node, found by every command of a test."""
    for name, value in node.environment.items():
        monkeypatch.setenv(name, value)
    return node
