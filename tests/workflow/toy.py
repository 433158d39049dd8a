"""A small workflow of the house's shape, around the house's own common.smk."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

REPOSITORY = Path(__file__).parents[2]
SNAKEMAKE = (sys.executable, "-m", "snakemake", "--cores", "1")

SNAKEFILE = """
include: "workflow/rules/common.smk"

rule first:
    output:
        data="<results>/toy/first.json",
    log:
        "<logs>/toy/first.log",
    params:
        *code_of("scripts/toy/first.py"),
        settings=lookup(dpath="line_attractor/dynamics", within=config),
    script:
        "scripts/toy/first.py"

rule second:
    input:
        data="<results>/toy/first.json",
    output:
        data="<results>/toy/second_{name}.json",
    log:
        "<logs>/toy/second_{name}.log",
    params:
        *code_of("scripts/toy/second.py", "notes.yaml"),
    script:
        "scripts/toy/second.py"

rule other:
    output:
        data="<results>/toy/other.json",
    log:
        "<logs>/toy/other.log",
    params:
        *code_of("scripts/toy/other.py"),
    script:
        "scripts/toy/other.py"

rule toy:
    default_target: True
    input:
        "<results>/toy/second_x.json",
        "<results>/toy/other.json",
"""

FILES = {
    "Snakefile": SNAKEFILE,
    "notes.yaml": "a: 1  # a note\n",
    "src/unrolled/toy/__init__.py": """
        import lazy_loader
        __getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
        """,
    "src/unrolled/toy/__init__.pyi": """
        from .adding import add as add
        from .unused import nothing as nothing
        """,
    "src/unrolled/toy/adding.py": '''
        """Adds."""
        from unrolled.toy.constants import ONE


        def add(x):
            """One more."""
            return x + ONE
        ''',
    "src/unrolled/toy/constants.py": "ONE = 1\n",
    "src/unrolled/toy/unused.py": "def nothing():\n    return None\n",
    "scripts/toy/first.py": """
        import os, time
        from pathlib import Path
        from unrolled.files import save_json
        from unrolled.record import run_step
        from unrolled.toy import add

        with run_step(snakemake) as step:
            if Path("slow").exists():
                Path(step.output.data).write_text("half")
                Path("running").touch()
                time.sleep(30)
            save_json(
                {"starts": add(step.params.settings["starts"]), "id": step.record_id,
                 "draw": step.generator("draw").random(), "own": step.rng.random()},
                step.output.data,
            )
        """,
    "scripts/toy/second.py": """
        from unrolled.files import load_json, save_json
        from unrolled.record import run_step

        with run_step(snakemake) as step:
            assert step.source("notes.yaml").exists()
            save_json([load_json(step.input.data), step.wildcards.name], step.output.data)
        """,
    "scripts/toy/other.py": """
        from unrolled.files import save_json
        from unrolled.record import run_step

        with run_step(snakemake) as step:
            save_json([step.generator("draw").random()], step.output.data)
        """,
}
COPIED = (
    "config.yaml",
    "envs/cpu.txt",
    "profiles",
    "src/unrolled/__init__.py",
    "src/unrolled/files.py",
    "src/unrolled/record",
    "src/unrolled/settings",
    "workflow/rules/common.smk",
    "workflow/scales",
)


class Toy:
    """A checkout of the small workflow, and Snakemake in it.

    Parameters
    ----------
    root : pathlib.Path
        Its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def make(cls, root: Path) -> "Toy":
        """Write the workflow into an empty folder."""
        for name in COPIED:
            source, target = REPOSITORY / name, root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, target)
        toy = cls(root)
        for name, text in FILES.items():
            toy.write(name, text)
        return toy

    def copy(self, root: Path) -> "Toy":
        """The same checkout elsewhere, results and all, with the same clock times."""
        shutil.copytree(self.root, root, symlinks=True)
        return Toy(root)

    def write(self, name: str, text: str) -> None:
        """Write one file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))

    def edit(self, name: str, before: str, after: str) -> None:
        """Replace a text that a file must have."""
        path = self.root / name
        text = path.read_text()
        assert before in text, f"{name} does not hold {before!r}"
        path.write_text(text.replace(before, after))

    def read(self, name: str) -> str:
        """Text of one file."""
        return (self.root / name).read_text()

    def start(
        self, *arguments: str, under: Sequence[str] = (), **environment: str
    ) -> subprocess.Popen[str]:
        """Snakemake in the background, leader of its own process group.

        `under` is a command that runs it under some restriction.
        """
        return subprocess.Popen(
            [*under, *SNAKEMAKE, *arguments],
            cwd=self.root,
            env={**_clean(os.environ), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # Tests that a shell runs in its background ignore Ctrl-C; the run must not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(
        self, *arguments: str, under: Sequence[str] = (), **environment: str
    ) -> tuple[int, str]:
        """Exit status and all that Snakemake said."""
        process = self.start(*arguments, under=under, **environment)
        said, _ = process.communicate(timeout=300)
        return process.returncode, said

    def build(self, *arguments: str, under: Sequence[str] = (), **environment: str) -> str:
        """Run Snakemake, which must succeed; what it said."""
        status, said = self.run(*arguments, under=under, **environment)
        assert status == 0, said
        return said

    def planned(self, *arguments: str, **environment: str) -> set[str]:
        """Rules that a plain run would run."""
        return self.rules_in(self.build("-n", *arguments, **environment))

    @staticmethod
    def rules_in(said: str) -> set[str]:
        """Rules that Snakemake says it runs or would run."""
        found = re.findall(r"^(?:local)?rule (\w+):", said, re.MULTILINE)
        return set(found) - {"toy"}

    def start_slowly(self, *arguments: str) -> subprocess.Popen[str]:
        """A run that is in the middle of its first job, with half an output written."""
        (self.root / "slow").touch()
        process = self.start(*arguments)
        deadline = time.monotonic() + 60
        while not (self.root / "running").exists():
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return process


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL to a run and all its jobs."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _clean(environment: "os._Environ[str]") -> dict[str, str]:
    """Without what an outer run of the workflow, or of the tests, may have set."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("UNROLLED_", "SNAKEMAKE_")) and name != "PYTHONPATH"
    }
