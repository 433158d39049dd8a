"""The page that ``unrolled fixed-points`` writes: one file, readable without a network."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np

if TYPE_CHECKING:
    from .portrait import Portrait

#: Points that the page lists; the file of numbers holds all.
LISTED = 60

_TEMPLATE = Path(__file__).parent / "fixed_points.html"


def build_page(
    portrait: Portrait,
    *,
    title: str,
    facts: Mapping[str, str],
    findings: Sequence[str],
    picture: bytes,
) -> str:
    """The page as HTML; the same text for the same arguments.

    Parameters
    ----------
    portrait : Portrait
    title : str
        What network.
    facts : mapping of str to str
        What went in.
    findings : sequence of str
        What was found, in sentences.
    picture : bytes
        The figure as PNG.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        title=title,
        facts=facts,
        findings=findings,
        picture=base64.b64encode(picture).decode("ascii"),
        rows=_rows(portrait),
        n_points=len(portrait.exact),
    )


def _rows(portrait: Portrait) -> list[dict[str, Any]]:
    """One row for each fixed point, attractors first."""
    exact = portrait.exact
    order = np.argsort(exact.n_unstable, kind="stable")[:LISTED]
    plane = portrait.plane(exact.points.states)
    return [
        {
            "number": int(point),
            "n_unstable": int(exact.n_unstable[point]),
            "place": ", ".join(f"{value:+.3g}" for value in plane[point]),
            "speed": f"{exact.points.speeds[point]:.1e}",
            "eigenvalues": "  ".join(_complex(value) for value in exact.eigenvalues[point][:3]),
            "time_constants": ", ".join(
                f"{value:.3g}" for value in exact.time_constants[point][:3]
            ),
            "distance": f"{exact.distance[point] / portrait.spread:.2f}",
        }
        for point in order
    ]


def _complex(value: complex) -> str:
    """An eigenvalue in three digits."""
    if value.imag == 0:
        return f"{value.real:.3f}"
    return f"{value.real:.3f}{'+' if value.imag > 0 else '−'}{abs(value.imag):.3f}i"
