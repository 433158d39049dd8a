"""Step universality_fig2: waves on command, cycles around a fixed point for each cue."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    cues_panel,
    cycles_panel,
    explain_grades,
    explain_networks,
    frequencies_panel,
    join_numbers,
    legend_above,
    letter_panel,
    make_figure,
    map_panels,
    publication_style,
    rotations_panels,
    save_figure,
    space_panels,
    wave_panel,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.populations import trained_network
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step, publication_style():
    compared, figures = load_dataset(step.input.compared), step.params.figures
    shown = [trained_network(load_dataset(path), figures["member"]) for path in step.input.shown]
    first = shown[0]
    figure = make_figure(height=9.0)
    rows = list(figure.subfigures(4, 1, height_ratios=[1.4, 3.0, 2.1, 2.6], squeeze=False).flat)
    geometry, topology = rows[2].subfigures(1, 2, squeeze=False).flat
    spectra, course = rows[3].subfigures(1, 2, width_ratios=[1.5, 1], squeeze=False).flat
    cues, *waves = rows[0].subplots(1, 4)
    numbers = [cues_panel(cues, first)]
    last = first.sizes["example"] - 1
    for axes, trial in zip(waves, (0, last // 2, last), strict=True):
        numbers.append(wave_panel(axes, first, trial))
    waves[0].set_ylabel("output (target units)")
    legend_above(waves[0])
    cycles = space_panels(rows[1], shown, compared)
    for axes, network in zip(cycles, shown, strict=True):
        numbers.append(cycles_panel(axes, network))
    explain_grades(cycles, first.cue_commanded, "commanded frequency (rad/step)")
    for part, letter, name in ((geometry, "c", "geometry"), (topology, "d", "topology")):
        left, right = part.subplots(1, 2)
        numbers.append(map_panels(left, right, compared, name))
        letter_panel(left, letter, f"by {name}")
    explain_networks(geometry, compared.cell.values)
    explain_networks(topology, compared.nonlinearity.values)
    numbers += rotations_panels(spectra, shown)
    frequencies = course.subplots()
    numbers.append(frequencies_panel(frequencies, compared))
    letter_panel(cues, "a")
    letter_panel(frequencies, "f")
    for part, letter in ((rows[1], "b"), (spectra, "e")):
        part.text(0.01, 0.98, letter, fontsize=9, weight="bold", va="top")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Figure 2"), step.output.data)
