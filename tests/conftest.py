"""The order of the tests, and ``--record-faults FILE``.

The option writes what became of every test marked ``faults``. The first line of such a test's
docstring is the fault in plain words. Its group is the marker's argument,
``pytest.mark.faults("downloads")``, or else the name of the module.
"""

from pathlib import Path

import pytest
from tests.losses import DataLost

from unrolled.record.faults import FAILED, LOST, NOT_TRIED, OUTCOMES, SURVIVED, Fault, write_faults

# Minutes each: begun last, they would keep one core busy while the others wait.
FIRST = ("test_smoke.py", "test_kills.py")


def pytest_collection_modifyitems(items):
    order = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, len(FIRST)))


def pytest_addoption(parser):
    parser.addoption("--record-faults", metavar="FILE", help="write the table of faults as JSON")


def pytest_configure(config):
    path = config.getoption("--record-faults")
    if path:
        config.pluginmanager.register(FaultTable(Path(path).absolute()))


class FaultTable:
    """Outcomes of the tests of faults, by group and fault, on however many cores they run."""

    def __init__(self, path):
        self._path = path
        self._outcomes = {}

    def pytest_collection_finish(self, session):
        for item in session.items:
            if item.get_closest_marker("faults"):
                self._outcomes[item.nodeid] = (*_named(item), NOT_TRIED)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if item.get_closest_marker("faults"):
            report.fault = (*_named(item), _outcome(report, call.excinfo))
        return report

    def pytest_runtest_logreport(self, report):
        *named, outcome = getattr(report, "fault", [None])
        if outcome or (named and report.nodeid not in self._outcomes):
            self._outcomes[report.nodeid] = (*named, outcome or NOT_TRIED)

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workerinput"):
            return  # one of several processes; the first hears all their reports
        tried = {}
        for group, fault, outcome in self._outcomes.values():
            tried.setdefault((group, fault), []).append(outcome)
        write_faults(
            (
                Fault(group, fault, max(outcomes, key=OUTCOMES.index), len(outcomes))
                for (group, fault), outcomes in tried.items()
            ),
            self._path,
        )


def _outcome(report, caught):
    """What one phase of a test decides about its fault, if anything."""
    if caught is not None and not report.skipped:
        return LOST if caught.errisinstance(DataLost) else FAILED
    return SURVIVED if report.when == "call" and report.passed else None


def _named(item):
    arguments = item.get_closest_marker("faults").args
    group = arguments[0] if arguments else item.module.__name__.rpartition("test_")[2]
    words = (item.function.__doc__ or item.originalname.removeprefix("test_")).strip()
    return group.replace("_", " "), words.splitlines()[0].replace("_", " ").rstrip(".")
