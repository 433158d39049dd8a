"""A small workflow with all that an audit meets, from a raw file to a figure and its claims."""

import hashlib
from pathlib import Path

from tests.workflow.toy import REPOSITORY, Toy

RAW = "one two three\n"

SNAKEFILE = """
include: "workflow/rules/common.smk"
import yaml

SOURCES = yaml.safe_load((ROOT / "workflow" / "sources.yaml").read_text())
KEYS = ("file", "sha256", "home")
CLAIMS = os.path.relpath(ROOT / "workflow" / "claims")

rule fetch:
    output:
        file="resources/words.txt",
    params:
        *code_of("scripts/fetch.py"),
        source={key: SOURCES["words"][key] for key in KEYS},
    script:
        "scripts/fetch.py"

rule corpus:
    input:
        raw="resources/words.txt",
    output:
        corpus="<results>/data/words/corpus.json",
    params:
        *code_of("scripts/corpus.py"),
    script:
        "scripts/corpus.py"

rule train:
    input:
        corpus="<results>/data/words/corpus.json",
    output:
        network="<results>/tiny/models/{cell}.json",
    params:
        *code_of("scripts/train.py"),
        settings=lookup(dpath="line_attractor/dynamics", within=config),
    script:
        "scripts/train.py"

rule metrics:
    input:
        networks=expand("<results>/tiny/models/{cell}.json", cell=["gru", "lstm"]),
    output:
        metrics="<results>/tiny/metrics.json",
    params:
        *code_of("scripts/metrics.py"),
    script:
        "scripts/metrics.py"

rule fig2:
    input:
        network="<results>/tiny/models/gru.json",
    output:
        pdf="<results>/tiny/figures/fig2.pdf",
    params:
        *code_of("scripts/fig2.py"),
    script:
        "scripts/fig2.py"

rule judge:
    input:
        claims=os.path.join(CLAIMS, "tiny.yaml"),
        metrics="<results>/tiny/metrics.json",
    output:
        claims="<results>/tiny/claims.json",
    params:
        *code_of("scripts/judge.py"),
        scale=SCALE,
    script:
        "scripts/judge.py"

rule tiny:
    default_target: True
    input:
        "<results>/tiny/figures/fig2.pdf",
        "<results>/tiny/claims.json",
"""

STEP = """
    from pathlib import Path
    from unrolled.files import load_json, save_json
    from unrolled.record import run_step
"""

FILES = {
    "Snakefile": SNAKEFILE,
    "workflow/sources.yaml": f"""
        words:
          file: words.txt
          sha256: {hashlib.sha256(RAW.encode()).hexdigest()}
          home: https://example.org/words
          licence: CC0
        """,
    "workflow/claims/tiny.yaml": """
        - id: T1
          statement: There are some states.
          source: section 2
          quantity: states
          accept: {demo: {min: 1}, smoke: {min: 1}}
          cannot_show: anything
        """,
    "scripts/fetch.py": f"""{STEP}
    with run_step(snakemake) as step:
        Path(step.output.file).write_text({RAW!r})
    """,
    "scripts/corpus.py": f"""{STEP}
    with run_step(snakemake) as step:
        save_json(Path(step.input.raw).read_text().split(), step.output.corpus)
    """,
    # A file that nobody declares stands for whatever a machine may do differently one day.
    "scripts/train.py": f"""{STEP}
    from unrolled.toy import add

    with run_step(snakemake) as step:
        states = add(step.params.settings["starts"]) * len(load_json(step.input.corpus))
        weather = Path("weather").read_text() if Path("weather").exists() else ""
        save_json([step.wildcards.cell, states, step.rng.random(), weather], step.output.network)
    """,
    "scripts/metrics.py": f"""{STEP}
    with run_step(snakemake) as step:
        networks = [load_json(path) for path in step.input.networks]
        save_json({{"states": sum(network[1] for network in networks)}}, step.output.metrics)
    """,
    "scripts/fig2.py": f"""{STEP}
    with run_step(snakemake) as step:
        Path(step.output.pdf).write_text(f"%PDF of {{load_json(step.input.network)}}")
    """,
    "scripts/judge.py": (REPOSITORY / "scripts" / "atlas" / "claims.py")
    .read_text()
    .replace("step.wildcards.paper", '"tiny"'),
}

FIGURE = "results/demo/tiny/figures/fig2.pdf"
CLAIMS = "results/demo/tiny/claims.json"
METRICS = "results/demo/tiny/metrics.json"
GRU, LSTM = (f"results/demo/tiny/models/{cell}.json" for cell in ("gru", "lstm"))
CORPUS = "results/demo/data/words/corpus.json"
WORDS = "resources/words.txt"
CLAIMS_FILE = "workflow/claims/tiny.yaml"
EVERYTHING = [CLAIMS_FILE, CLAIMS, FIGURE, METRICS, GRU, LSTM, CORPUS, WORDS]
RECORDS = "results/demo/record"


def make(root: Path) -> Toy:
    """The workflow in an empty folder, not yet run."""
    toy = Toy.make(root)
    for name, text in FILES.items():
        toy.write(name, text)
    return toy


def journal(toy: Toy, path: str) -> Path:
    """The file that holds the records of a demo output."""
    (found,) = (
        each
        for each in Path(toy.root, RECORDS).glob("*.jsonl")
        if f'"path": "{path}"' in each.read_text().splitlines()[-1].partition('"outputs"')[2]
    )
    return found
