"""Run a figure script with a stand-in for what Snakemake hands it."""

from __future__ import annotations

import contextlib
import runpy
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


class Named(dict):
    """Files by attribute and by item, as Snakemake has them."""

    __getattr__ = dict.__getitem__


def run_script(
    name: str, *, inputs: dict[str, Any], folder: Path, data: str = ".nc",
    paper: str = "line_attractor", params: dict[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Outputs of scripts/<paper>/<name>.py, written without a record."""
    outputs = Named(
        pdf=folder / f"{name}.pdf", png=folder / f"{name}.png", data=folder / f"{name}{data}"
    )
    step = SimpleNamespace(
        input=Named(inputs),
        output=outputs,
        params=Named(params or {}),
        generator=lambda *names: np.random.default_rng(len(str(names))),
        record_id="0123456789abcdef",
    )

    @contextlib.contextmanager
    def run_step(_: Any) -> Iterator[SimpleNamespace]:
        yield step

    # The step's bookkeeping is tested where it lives; here only the drawing counts.
    stand_in = types.ModuleType("unrolled.record")
    stand_in.run_step = run_step  # type: ignore[attr-defined]
    kept = sys.modules.get("unrolled.record")
    sys.modules["unrolled.record"] = stand_in
    try:
        script = ROOT / "scripts" / paper / f"{name}.py"
        runpy.run_path(str(script), init_globals={"snakemake": None})
    finally:
        if kept is None:
            del sys.modules["unrolled.record"]
        else:
            sys.modules["unrolled.record"] = kept
    return outputs.png
