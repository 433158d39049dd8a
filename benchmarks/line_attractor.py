"""Slow points of a GRU that classifies reviews: the line along which it keeps its verdict.

500 visited states are the starts. A point counts where its step is at most 5 % of the
median step along documents, as in the first paper's analysis here; coverage is the share of
40 equal intervals of the visited states' readout (2nd to 98th percentile) that hold such a
point. The network is the demo's (film reviews) where that has been built, else one that
learns generated reviews on the spot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from unrolled.data import generated_corpus, load_corpus, pad
from unrolled.data.corpora import Corpus
from unrolled.dynamics import Reading, find_slow_points, read_documents
from unrolled.networks import Network, load_networks, make_network, save_networks
from unrolled.record.determinism import generator
from unrolled.tasks import generate_reviews

from .networks import CACHE, SEED
from .peers import RATES, TOLERANCE, check_same_step, descend
from .rounds import FASTER, Bench, Row, ratios, rows_of

TITLE = "Slow points of a line attractor"
THREADS = 1

OURS = "Unrolled"
STARTS, DOCUMENTS, INTERVALS = 500, 500, 40
SPEED = 0.05  # longest step of a slow point, of the median step along documents

DEMO = Path("results/demo")
DEMO_NETWORK = DEMO / "line_attractor/models/film_gru_0.safetensors"
SIZES = {"train": 30_000, "validation": 500, "test": 1000}


@dataclass(frozen=True)
class Problem:
    """A network with its mean word held, the states that it visits, and starts among them."""

    title: str
    network: Network
    reference: np.ndarray
    visited: np.ndarray
    starts: np.ndarray
    longest: float

    @property
    def step(self):
        """The map whose slow points are sought."""
        return self.network.cell.autonomous(inputs=self.reference)

    def ours(self) -> np.ndarray:
        """Ends of the package's search."""
        points = find_slow_points(self.step, self.starts, settling=3, max_speed=self.longest)
        return points.report.ends

    def peer(self, rate: float, tolerance: float) -> np.ndarray:
        """Ends of the published search."""
        ends = descend(self.step, self.starts, rate=rate, tolerance=tolerance).states
        return ends.astype(np.float64)

    def kept(self, ends: np.ndarray) -> np.ndarray:
        """Ends that are slow enough."""
        return ends[np.linalg.norm(self.step(ends) - ends, axis=1) <= self.longest]

    def slowness(self, points: np.ndarray) -> float:
        """Median step of the points in per cent of the longest that counts."""
        steps = np.linalg.norm(self.step(points) - points, axis=1)
        return float(100 * np.median(steps) / self.longest)

    def coverage(self, points: np.ndarray) -> float:
        """Share of the intervals of the visited states' readout that hold a point."""
        low, high = np.percentile(self.network.logits(self.visited), [2, 98])
        counts, _ = np.histogram(self.network.logits(points), INTERVALS, (low, high))
        return float(np.mean(counts > 0))


def run(bench: Bench) -> list[Row]:
    """All rows of this group."""
    problem = bench.prepare("a network that classifies reviews", the_problem)
    check_same_step(problem.step, problem.starts)
    enough = 0.5 * problem.longest**2  # q of the slowest step that counts
    early = {OURS: problem.ours} | peers(problem, enough, "slow enough")
    timed = bench.compare(problem.title, early)
    timed |= bench.compare(problem.title, peers(problem, TOLERANCE, "q < 1e-12"), rounds=1)
    rows = []
    for variant, measured in timed.items():
        points = problem.kept(measured.result)
        numbers = {
            ("time", "s"): measured.seconds,
            ("starts that end in slow points", "%"): (100 * len(points) / STARTS,),
            ("readout range covered", "%"): (100 * problem.coverage(points),),
            ("median step, of the longest that counts", "%"): (problem.slowness(points),),
        }
        if variant != OURS:
            numbers[FASTER] = ratios(measured.seconds, timed[OURS].seconds)
        rows += rows_of(problem.title, variant, numbers)
    return rows


def peers(problem: Problem, tolerance: float, words: str) -> dict[str, Callable[[], np.ndarray]]:
    """The published search at each learning rate, ended by one criterion."""
    return {
        f"Adam on q, rate {rate:g}, until {words}": partial(problem.peer, rate, tolerance)
        for rate in RATES
    }


def the_problem() -> Problem:
    """The demo's network and documents, or ones made here."""
    if DEMO_NETWORK.exists():
        corpus = load_corpus(DEMO / "data/film/corpus.nc", DEMO / "data/film/vocabulary.csv")
        network, title = load_networks(DEMO_NETWORK)["trained_0"], "the demo's GRU on film reviews"
    else:
        corpus = reviews()
        network, title = trained_on(corpus), "GRU on generated reviews"
    documents = corpus.documents("test")[:DOCUMENTS]
    lengths = [len(document) for document in documents]
    reading = read_documents(network, pad(documents), lengths, corpus.labels_of("test")[:DOCUMENTS])
    counts = np.asarray(corpus.counts, dtype=np.float64)
    visited = reading.visited()
    rng = generator(SEED, "line_attractor", "starts")
    return Problem(
        title=f"{title}, {STARTS} starts",
        network=network,
        reference=counts @ network.embedding / counts.sum(),
        visited=visited,
        starts=visited[rng.choice(len(visited), STARTS, replace=False)],
        longest=SPEED * median_step(reading),
    )


def median_step(reading: Reading) -> float:
    """Median distance between the states before and after a word."""
    before, _, after = reading.steps()
    return float(np.median(np.linalg.norm(after - before, axis=1)))


def reviews() -> Corpus:
    """Generated reviews in which words of either kind only have to be counted."""
    parts = {
        split: generate_reviews(
            n,
            generator(SEED, "reviews", split),
            length=[20, 40],
            valence_share=0.25,
            modifier_share=0.0,
        )
        for split, n in SIZES.items()
    }
    return generated_corpus(parts, name="reviews")


def trained_on(corpus: Corpus) -> Network:
    """A GRU of 64 units that learned the corpus; kept between runs."""
    code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    kept = CACHE / f"reviews_gru_{code}.safetensors"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        # TensorFlow and PyTorch bring an LLVM each, and one process cannot hold both.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(train_and_keep, corpus, kept).result()
    return load_networks(kept)["trained"]


def train_and_keep(corpus: Corpus, kept: Path) -> None:
    """Train the GRU, by the package's own training."""
    from unrolled.training import LabelledDocuments, Plan, Recipe, train_networks

    untrained = make_network(
        "gru",
        units=64,
        embedding=64,
        vocabulary=len(corpus.words),
        embedding_scale=0.1,
        rng=generator(SEED, "line_attractor", "initial"),
    )
    train, validation = (
        LabelledDocuments(corpus.documents(split), corpus.labels_of(split))
        for split in ("train", "validation")
    )
    recipe = Recipe(epochs=1, batch=64, learning_rate=4e-3, final_rate=0.1)
    plan = Plan(untrained, recipe, generator(SEED, "line_attractor", "training"))
    networks = dict(train_networks({"trained": plan}, train=train, validation=validation))
    save_networks(kept, networks)
