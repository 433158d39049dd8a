"""Run the benchmark: ``python -m benchmarks [group ...]``."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from unrolled.files import load_json, save_json

from .group import GROUPS, environment
from .page import write_pages

RESULTS = Path("results/bench")


def main() -> None:
    """Run the groups one after another; join their rows with those of earlier runs."""
    arguments = read_arguments()
    RESULTS.mkdir(parents=True, exist_ok=True)
    target = RESULTS / "bench.json"
    measured = load_json(target) if target.exists() else {}
    begin = time.perf_counter()
    for name in arguments.groups or GROUPS:
        part = RESULTS / f"{name}.part"
        subprocess.run(
            [sys.executable, "-m", "benchmarks.group", name, str(arguments.rounds), part],
            env=environment(name, threads=arguments.threads),
            check=True,
        )
        measured[name] = load_json(part)
        part.unlink()
        save_json(measured, target)
    write_pages(measured, RESULTS)
    minutes = (time.perf_counter() - begin) / 60
    print(f"{minutes:.1f} minutes; the table: {RESULTS / 'index.html'}")


def read_arguments() -> argparse.Namespace:
    """What the command line asks for; it ends the program where that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="group", help=f"of {', '.join(GROUPS)}")
    parser.add_argument("--rounds", type=int, default=3, help="of each comparison (3)")
    parser.add_argument("--threads", type=int, help="of every variant, where not the group's own")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.groups) - set(GROUPS))
    if unknown:
        parser.error(f"there is no group {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    return arguments


if __name__ == "__main__":
    main()
