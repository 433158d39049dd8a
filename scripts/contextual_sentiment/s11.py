"""Step contextual_sentiment_s11: spectra where modifiers take the state, and at rest."""

from typing import TYPE_CHECKING

import numpy as np

from unrolled.figures import (
    draw_mode_spectrum,
    join_numbers,
    letter_panel,
    make_figure,
    publication_style,
    save_figure,
    take_numbers,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

SPECTRA = {
    "very": "very, no input",
    "not": "not, no input",
    "zero_input": "at rest, no input",
    "noise_very": "very, mean noise word",
    "noise_not": "not, mean noise word",
    "rest": "at rest, mean noise word",
}

with run_step(snakemake) as step, publication_style():
    toy = load_dataset(step.input.toy)
    figure = make_figure(height=4.9)
    panels = figure.subplots(2, 3)
    names = []
    for (name, title), axes, letter in zip(SPECTRA.items(), panels.flat, "abcdef", strict=True):
        parts = [f"{name}_eigenvalue_{part}" for part in ("real", "imag")]
        real, imaginary = (toy[part].values for part in parts)
        marked = f"{name}_highlighted"
        # At rest it is the integrating mode that counts, the first.
        chosen = toy[marked].values if marked in toy else np.arange(len(real)) == 0
        draw_mode_spectrum(axes, real, imaginary, chosen)
        letter_panel(axes, letter, title)
        names += [*parts, *([marked] if marked in toy else [])]
    panels[0, 0].legend(loc="lower left", handletextpad=0.2)
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers([take_numbers(toy, names)], title="Figure S11"), step.output.data)
