"""``make teeth``: break every claim, show what became of each verdict, and keep it on file."""

import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from unrolled.files import save_json
from unrolled.record.teeth import count_caught, gather_teeth, is_caught

ROOT = Path(__file__).parents[2]
TEETH = ROOT / "workflow" / "claims" / "teeth.json"


class Breaks:
    """Gathers what the tests note of each break."""

    def __init__(self):
        self.found = []

    def pytest_runtest_logreport(self, report):
        """After each phase of a test."""
        if report.when == "call":
            self.found += [value for name, value in report.user_properties if name == "teeth"]


def matrix(teeth):
    """Claim × break → verdict, as a table."""
    table = Table("paper", "claim", "break", "verdict", title="Claims with their science broken")
    for paper, one in teeth.items():
        for claim, breaks in one["claims"].items():
            table.add_section()
            for each in breaks or [{"id": claim, "break": "none", "before": "", "after": ""}]:
                colour = "green" if is_caught([each]) else "red"
                verdict = f"[{colour}]{each['before']} → {each['after']}"
                table.add_row(paper, each["id"], each["break"], verdict)
    return table


def main():
    """Exit with 0 where every break did what it should."""
    breaks = Breaks()
    status = pytest.main(["-m", "teeth", "-q", str(Path(__file__).parent)], plugins=[breaks])
    teeth = gather_teeth(breaks.found, ROOT)
    caught, judged = count_caught(teeth, teeth)
    console = Console()
    console.print(matrix(teeth))
    console.print(f"{caught} of {judged} judged claims are caught: {caught / judged:.0%}")
    if status == 0:
        save_json(teeth, TEETH)
        console.print(f"written: {TEETH.relative_to(ROOT)}")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
