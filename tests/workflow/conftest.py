"""The toy workflow, and a real Slurm of one node for the tests that want one."""

import pytest
from slurm_node import SlurmNode, missing_packages
from toy import Toy


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The toy after a run; not to be touched."""
    toy = Toy.make(tmp_path_factory.mktemp("toy"))
    toy.build()
    return toy


@pytest.fixture
def toy(built, tmp_path):
    """A finished run."""
    return built.copy(tmp_path / "toy")


@pytest.fixture
def empty(tmp_path):
    """A checkout without results."""
    return Toy.make(tmp_path / "toy")


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
