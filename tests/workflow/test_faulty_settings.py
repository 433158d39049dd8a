"""Settings as Snakemake itself meets them: a plan, or a message that names the key."""

import subprocess
import sys

import pytest
import yaml
from toy import REPOSITORY, Toy

pytestmark = pytest.mark.faults("settings")

CONFIG = (REPOSITORY / "config.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy.make(tmp_path_factory.mktemp("toy"))


def plan(toy, content=CONFIG, *arguments):
    """Status and words of a dry run with some config.yaml, bytes or text."""
    content = content if isinstance(content, bytes) else content.encode()
    (toy.root / "config.yaml").write_bytes(content)
    status, said = toy.run("-n", *arguments)
    assert "Traceback" not in said
    return status, said


def edited(before, after):
    assert before in CONFIG
    return CONFIG.replace(before, after)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("", "config.yaml, there is nothing in it", id="empty"),
        pytest.param("- scale\n", "config.yaml, settings with names", id="list"),
        pytest.param(edited("  ridge: 0.03", "\tridge: 0.03"), "config.yaml, line", id="tab"),
        pytest.param(edited("seed: 0", "scale: demo"), "scale stands there a second", id="twice"),
        pytest.param(CONFIG.encode() + b"# \xff", "is not UTF-8", id="latin-1"),
        pytest.param(edited("scale: demo", "scale: dmo"), "did you mean 'demo'?", id="scale"),
        pytest.param(edited("seed: 0", "sed: 0"), "did you mean 'seed'?", id="unknown key"),
        pytest.param(edited("seed: 0", "seed: null"), "line 7) is None", id="null"),
        pytest.param(edited("seed: 0", "seed: .nan"), "line 7) is nan", id="nan"),
        pytest.param(edited("starts: 250", f"starts: {10**30}"), "dynamics.starts", id="huge"),
        pytest.param(edited("{film: 3, foods: 3,", "{film: 3, foods: 2000000,"),
                     "networks.foods", id="millions of networks"),
    ],
)  # fmt: skip
def test_a_faulty_file_ends_in_a_message(toy, content, words):
    """config.yaml is empty, no block, has a tab, a key twice, wrong bytes, keys or numbers"""
    status, said = plan(toy, content)
    assert status != 0
    assert "Settings cannot be used" in said
    assert words in said


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("line_attractor={dynamics: {start: 3}}", "did you mean 'starts'?"),
        ("line_attractor={dynamics: {starts: -3}}", "line_attractor.dynamics.starts"),
        ("line_attractor=3", "line_attractor (on the command line) is 3: a block"),
    ],
)
def test_a_faulty_command_line_ends_in_a_message(toy, setting, words):
    """A setting on the command line is wrong"""
    status, said = plan(toy, CONFIG, "--config", setting)
    assert status != 0
    assert words in said


def test_numbers_as_text_end_in_a_plan(toy):
    """Numbers are written as text, or in a notation that YAML takes for text"""
    text = edited("ridge: 0.03", "ridge: 3e-2").replace("starts: 250", 'starts: "250"')
    status, said = plan(toy, text)
    assert status == 0, said


LEAST = """
line_attractor:
  population: {networks: {film: 1, foods: 0, long: 0, plain: 0, short: 0}, cells: [gru], chunk: 1,
    analysed: {film: 1}}
  network: {units: 1, embedding: 1}
  training: {exceptions: {}}
  dynamics: {documents: 1, starts: 1, settling: 0, exact_starts: 1, neighbours: 1, iterations: 1}
  figures: {headline: [film, gru], activations: [film, gru], pairs: [[film, gru]]}
contextual_sentiment:
  population: {networks: {ctx: [gru], ctx_nopos: [gru]}, number: 1,
    analysed: {ctx_gru: 1, ctx_nopos_gru: 1}, written: [film]}
  network: {units: [1], embedding: 1}
universality:
  population: {cells: [gru, lstm], nonlinearities: [tanh], units: [1], penalties: [0],
    networks: {memory: 1, sine: 1, integration: 1}, controls: 1, chunk: 1000}
"""


@pytest.mark.parametrize("changes", [LEAST, "seed: 9223372036854775807"], ids=["least", "seed"])
def test_the_least_and_the_most_that_is_allowed_ends_in_a_plan(tmp_path, changes):
    """The settings are as small, or a number as large, as they may be"""
    settings = [f"{key}={value}" for key, value in yaml.safe_load(changes).items()]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "-s", REPOSITORY / "Snakefile", "-q", "all",
         "-d", tmp_path, "--config", *settings],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
