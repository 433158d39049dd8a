"""The table of faults is the tests': the README, the page's file and the tests agree."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from unrolled.record.atlas import build_page
from unrolled.record.faults import (
    LOST,
    SURVIVED,
    Fault,
    fault_groups,
    read_faults,
    update_readme,
    write_faults,
)

REPOSITORY = Path(__file__).parents[2]
TABLE = REPOSITORY / "workflow" / "faults.json"
SOME = [
    Fault("archives", "a link that leads out", "survived", 2),
    Fault("archives", "a bomb", "data lost", 1),
    Fault("downloads", "a reset", "failed", 1),
    Fault("downloads", "no network", "not tried", 1),
]


def collected(folder, *arguments):
    """What pytest writes into the table."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        [*command, "--record-faults", folder / "faults.json"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (folder / "faults.json").exists(), done.stdout + done.stderr
    return read_faults(folder / "faults.json")


def test_the_table_names_exactly_the_faults_that_the_tests_try(tmp_path):
    files = [
        str(path)
        for path in sorted(REPOSITORY.glob("tests/**/test_*.py"))
        if "mark.faults" in path.read_text(encoding="utf-8") and path != Path(__file__)
    ]
    found = collected(tmp_path, "--collect-only", "-m", "faults", *files)
    named = [(each.group, each.fault, each.tests) for each in found]
    kept = [(each.group, each.fault, each.tests) for each in read_faults(TABLE)]
    assert kept == named, "run: make faults"


def test_every_fault_is_survived():
    assert [
        each for each in read_faults(TABLE) if each.outcome not in (SURVIVED, "not tried")
    ] == []


def test_the_readme_shows_the_table(tmp_path):
    readme = tmp_path / "README.md"
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    readme.write_text(text, encoding="utf-8")
    update_readme(readme, TABLE)
    assert readme.read_text(encoding="utf-8") == text, "run: make faults"


@pytest.mark.parametrize("cores", [[], ["-n", "1"]])
def test_a_fault_has_the_worst_outcome_of_its_tests(tmp_path, cores):
    (REPOSITORY / "tests" / "losses.py").stat()
    file = tmp_path / "test_toy.py"
    file.write_text(
        "import pytest\nfrom tests.losses import DataLost\n"
        "@pytest.mark.faults('toys')\n@pytest.mark.parametrize('number', [0, 1])\n"
        "def test_one(number):\n    'One breaks.'\n    if number:\n        raise DataLost('gone')\n"
        "@pytest.mark.faults\ndef test_two():\n    'Two breaks'\n"
        "@pytest.mark.faults('toys')\ndef test_three():\n    assert False\n"
        "@pytest.mark.faults('toys')\ndef test_four():\n    'Four'\n    pytest.skip('no')\n"
        "def test_five():\n    'is no fault'\n"
    )
    assert collected(
        tmp_path, *cores, "--confcutdir", REPOSITORY, "-p", "tests.conftest", file
    ) == [
        Fault("toy", "Two breaks", "survived", 1),
        Fault("toys", "Four", "not tried", 1),
        Fault("toys", "One breaks", LOST, 2),
        Fault("toys", "three", "failed", 1),
    ]


def test_groups_count_what_was_tried_survived_and_lost():
    archives, downloads = fault_groups(SOME)
    assert (archives.name, archives.tried, archives.survived, archives.lost) == (
        "archives",
        2,
        1,
        1,
    )
    assert (downloads.tried, downloads.survived, downloads.lost) == (1, 0, 0)


def test_the_page_shows_every_fault_and_nothing_where_there_are_none():
    page = build_page([], scale="demo", faults=SOME)
    (section,) = re.findall(r'<section id="faults">.*?</section>', page, re.DOTALL)
    assert "a link that leads out</td><td>survived" in section
    assert re.findall(r'class="n">(\d)<', section) == ["2", "1", "1", "1", "0", "0"]
    assert 'id="faults"' not in build_page([], scale="demo")


def test_the_table_is_written_between_the_marks_and_nowhere_else(tmp_path):
    write_faults(SOME, tmp_path / "faults.json")
    readme = tmp_path / "README.md"
    marks = "<!-- faults: written by make faults -->\n{}<!-- end of faults -->\nafter\n"
    readme.write_text("before\n" + marks.format("old\n"))
    for _ in range(2):
        update_readme(readme, tmp_path / "faults.json")
        rows = readme.read_text().removeprefix("before\n").splitlines()
        assert rows[3:6] == ["| archives | 2 | 1 | 1 |", "| downloads | 1 | 0 | 0 |",
                             "| **all** | 3 | 1 | 1 |"]  # fmt: skip
        assert rows[-1] == "after"
    readme.write_text("no marks")
    with pytest.raises(ValueError, match="for the table"):
        update_readme(readme, tmp_path / "faults.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no table of faults"),
        ('[{"group": "a"}]', "no table of faults"),
        ('[{"group": "a", "fault": "b", "outcome": "c", "tests": 1}]', "outcomes"),
    ],
)
def test_another_file_is_no_table(tmp_path, text, words):
    (tmp_path / "faults.json").write_text(text)
    with pytest.raises(ValueError, match=words):
        read_faults(tmp_path / "faults.json")
