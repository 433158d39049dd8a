"""Step universality_fig3: integration in context, along a line, by one mode or by several."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    attractor_panel,
    explain_grades,
    explain_networks,
    join_numbers,
    letter_panel,
    make_figure,
    map_panels,
    modes_panel,
    probes_panel,
    publication_style,
    responses_panel,
    save_figure,
    space_panels,
    trial_panels,
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
    rows = list(figure.subfigures(4, 1, height_ratios=[1.6, 3.0, 2.1, 2.4], squeeze=False).flat)
    geometry, topology = rows[2].subfigures(1, 2, squeeze=False).flat
    *trial, probes = rows[0].subplots(1, 4)
    numbers = [trial_panels(trial, first, figures["trial"]), probes_panel(probes, first)]
    attractors = space_panels(rows[1], shown, compared)
    for axes, network in zip(attractors, shown, strict=True):
        numbers.append(attractor_panel(axes, network))
    explain_grades(attractors, first.trial_input[:, 0, 0], "probe (input units)")
    for part, letter, name in ((geometry, "c", "geometry"), (topology, "d", "topology")):
        left, right = part.subplots(1, 2)
        numbers.append(map_panels(left, right, compared, name))
        letter_panel(left, letter, f"by {name}")
    explain_networks(geometry, compared.cell.values)
    explain_networks(topology, compared.nonlinearity.values)
    modes, responses = rows[3].subplots(1, 2)
    numbers += [modes_panel(modes, compared), responses_panel(responses, compared)]
    for axes, letter in ((trial[0], "a"), (modes, "e"), (responses, "f")):
        letter_panel(axes, letter)
    rows[1].text(0.01, 0.98, "b", fontsize=9, weight="bold", va="top")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Figure 3"), step.output.data)
