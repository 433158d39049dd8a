"""``--record-faults FILE`` writes what became of every test marked ``faults``.

The first line of such a test's docstring is the fault in plain words. Its group is the marker's
argument, ``pytest.mark.faults("downloads")``, or else the name of the module.
"""

from pathlib import Path

import pytest
from tests.losses import DataLost

from unrolled.record.faults import FAILED, LOST, NOT_TRIED, OUTCOMES, SURVIVED, Fault, write_faults


def pytest_addoption(parser):
    parser.addoption("--record-faults", metavar="FILE", help="write the table of faults as JSON")


def pytest_configure(config):
    path = config.getoption("--record-faults")
    if path:
        config.pluginmanager.register(FaultTable(Path(path).absolute()))


class FaultTable:
    """Outcomes of the tests of faults, by group and fault."""

    def __init__(self, path):
        self._path = path
        self._outcomes = {}

    def pytest_collection_finish(self, session):
        for item in session.items:
            if item.get_closest_marker("faults"):
                self._outcomes[item] = NOT_TRIED

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if item in self._outcomes:
            if call.excinfo is not None and not report.skipped:
                self._outcomes[item] = LOST if call.excinfo.errisinstance(DataLost) else FAILED
            elif call.when == "call" and report.passed:
                self._outcomes[item] = SURVIVED
        return report

    def pytest_sessionfinish(self):
        tried = {}
        for item, outcome in self._outcomes.items():
            tried.setdefault(_named(item), []).append(outcome)
        write_faults(
            (
                Fault(group, fault, max(outcomes, key=OUTCOMES.index), len(outcomes))
                for (group, fault), outcomes in tried.items()
            ),
            self._path,
        )


def _named(item):
    arguments = item.get_closest_marker("faults").args
    group = arguments[0] if arguments else item.module.__name__.rpartition("test_")[2]
    words = (item.function.__doc__ or item.originalname.removeprefix("test_")).strip()
    return group.replace("_", " "), words.splitlines()[0].replace("_", " ").rstrip(".")
