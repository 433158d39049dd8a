"""Records of a small run: a raw file, a corpus, six networks, two figures, claims."""

import json
from pathlib import Path

RAW = "resources/reviews.tar.gz"
FIGURES = "results/demo/line_attractor/figures"
COMMIT = "0123456789abcdef" * 2 + "01234567"


def sha(path: str) -> str:
    """A sum that goes with a path."""
    return path.encode().hex().rjust(64, "0")[-64:]


def job(rule: str, outputs: list[str], inputs: list[str], *, minute: int = 0, **wildcards: str):
    """A record with what the page looks at."""
    return {
        "rule": rule,
        "wildcards": wildcards,
        "outputs": [{"path": path, "sha256": sha(path), "bytes": 1234} for path in outputs],
        "inputs": [{"path": path, "sha256": sha(path), "bytes": 1234} for path in inputs],
        "params": {"settings": {"units": 64, "training": {"rate": 0.01}}},
        "started": f"2026-01-01T10:{minute:02}:00.000+00:00",
        "seconds": 30.0,
        "peak_memory_bytes": 10**8,
        "git": {"commit": COMMIT, "dirty": True},
        "seed": 0,
        "lock": "abcdef012345",
        "python": "3.11.7",
        "processor": "A processor",
    }


def figure(name: str) -> list[str]:
    """What a figure's job writes."""
    return [f"{FIGURES}/{name}.{ending}" for ending in ("pdf", "png", "nc")]


def records() -> list[dict]:
    """All of them; the networks of a cell differ in their number."""
    top = "results/demo"
    corpus = f"{top}/data/film/corpus.nc"
    networks = [f"{top}/line_attractor/models/film_gru_{n}.safetensors" for n in range(6)]
    arrays = [f"{top}/line_attractor/analysis/film_gru_{n}.nc" for n in range(6)]
    compared = f"{top}/line_attractor/analysis/compared.nc"
    metrics, claims = (f"{top}/line_attractor/{name}.json" for name in ("metrics", "claims"))
    return [
        job("corpus", [corpus], [RAW], corpus="film"),
        *(job("train", [each], [corpus], number=str(n)) for n, each in enumerate(networks)),
        *(
            job("dynamics", [each], [networks[n], corpus], minute=1, number=str(n))
            for n, each in enumerate(arrays)
        ),
        job("compare", [compared], arrays, minute=2),
        job("fig1", figure("fig1"), [], minute=3),
        job("fig2", figure("fig2"), [compared, arrays[0]], minute=3),
        job("metrics", [metrics], [compared], minute=3),
        job("judge", [claims], ["workflow/claims/line_attractor.yaml", metrics], minute=4),
    ]


def write_records(folder: Path) -> None:
    """Journals as a run leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, record in enumerate(records()):
        (folder / f"{number}.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
