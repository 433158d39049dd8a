"""Two runs in one folder: one at a time for the same files, side by side for others."""

import pytest
from tests.workflow.toy import Toy, kill

from unrolled.record.audit import audit
from unrolled.record.provenance import read_records
from unrolled.record.seals import SEALS

pytestmark = pytest.mark.faults("kills and power cuts")


@pytest.fixture
def toy(tmp_path):
    return Toy.make(tmp_path / "toy")


def test_the_second_says_who_holds_the_folder(toy):
    """A second run begins while the first is at work on the same files"""
    first = toy.start_slowly()
    try:
        status, said = toy.run()
        assert status != 0
        assert "Another run, or a job that outlived its run, is at work in this folder" in said
        assert "Traceback" not in said
    finally:
        kill(first)
    (toy.root / "slow").unlink()
    assert "Another run" not in toy.build()
    assert audit([], toy.root).verdict == "intact"


def test_runs_for_other_files_go_side_by_side(toy):
    """A second run begins while the first is at work on other files"""
    first = toy.start_slowly("results/demo/toy/first.json")
    try:
        toy.build("results/demo/toy/other.json")
    finally:
        kill(first)
    (toy.root / "slow").unlink()
    toy.build()
    assert audit([], toy.root).verdict == "intact"


def test_two_that_begin_at_once_come_to_one_good_end(toy):
    """Two runs for the same files begin at the same moment"""
    both = [toy.start(), toy.start()]
    said = [process.communicate(timeout=120)[0] for process in both]
    for process, words in zip(both, said, strict=True):
        assert process.returncode == 0 or "lock" in words.lower(), words
        assert "Traceback" not in words
    toy.build()
    assert audit([], toy.root).verdict == "intact"
    read_records(toy.root / "results/demo/record" / SEALS)
