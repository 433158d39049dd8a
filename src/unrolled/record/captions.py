"""Captions of figures: Jinja first, then reStructuredText, for the report and for the page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from docutils.core import publish_parts
from docutils.utils import SystemMessage
from markupsafe import Markup

__all__ = ["caption_path", "render_caption"]


def caption_path(folder: str | Path, figure: str) -> str:
    """File of a figure's caption: its own, or that of its stem.

    Figures of one stem, as ``figA_film_gru`` and ``figA_film_lstm``, share the caption ``figA``
    and are shown as one figure with several pictures.

    Parameters
    ----------
    folder : path-like
        Where the captions of the paper are.
    figure : str

    Returns
    -------
    str
    """
    own = Path(folder) / f"{figure}.rst"
    return str(own if own.is_file() else own.with_stem(figure.split("_")[0]))


def render_caption(path: str | Path, context: Mapping[str, Any]) -> Markup:
    """A caption as HTML.

    Parameters
    ----------
    path : path-like
        reStructuredText with Jinja.
    context : mapping
        Names that the Jinja part may use.

    Returns
    -------
    html : markupsafe.Markup
        Paragraphs without a heading of their own; formulas as MathML.

    Raises
    ------
    ValueError
        If the file is missing, names something unknown, or is no valid reStructuredText.
    """
    path = Path(path)
    try:
        source = path.read_text(encoding="utf-8")
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
        text = environment.from_string(source).render(**context)
    except FileNotFoundError:
        raise ValueError(f"{path} is not there: every figure needs a caption.") from None
    except jinja2.TemplateError as error:
        raise ValueError(f"{path}: {error} (Jinja; known are {', '.join(context)})") from error
    try:
        parts = publish_parts(
            text,
            source_path=path.name,
            writer="html5",
            settings_overrides={
                "raw_enabled": False,
                "file_insertion_enabled": False,
                "_disable_config": True,
                "math_output": "MathML",
                "initial_header_level": 5,
                "report_level": 2,
                "halt_level": 2,
                "warning_stream": False,
                "doctitle_xform": False,
                "smart_quotes": False,
            },
        )
    except SystemMessage as error:
        raise ValueError(f"{path} is not valid reStructuredText: {error}") from error
    return Markup(parts["body"])
