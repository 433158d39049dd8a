"""Step universality_fig1: memories differ in their states and agree in their fixed points."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    bits_panel,
    explain_indices,
    fixed_points_panel,
    geometry_panel,
    join_numbers,
    letter_panel,
    make_figure,
    map_panels,
    mean_graph_panel,
    publication_style,
    reach_of,
    save_figure,
    space_panels,
    state_paths_panel,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.populations import trained_network
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step, publication_style():
    compared, figures = load_dataset(step.input.compared), step.params.figures
    shown = [trained_network(load_dataset(path), figures["member"]) for path in step.input.shown]
    figure = make_figure(height=8.9)
    rows = list(figure.subfigures(4, 1, height_ratios=[2.3, 2.1, 2.7, 2.1], squeeze=False).flat)
    trial, states, distances, by_geometry, graph, by_topology = (
        part
        for row in (rows[0], rows[1], rows[3])
        for part in row.subfigures(1, 2, width_ratios=[2.3, 4.7], squeeze=False).flat
    )
    paths, points = (space_panels(part, shown, compared) for part in (states, rows[2]))
    single = {"a": trial.subplots(), "c": distances.subplots(), "": graph.subplots()}
    numbers = [
        bits_panel(single["a"], shown[0], figures["trial"]),
        geometry_panel(single["c"], compared),
        mean_graph_panel(single[""], compared),
    ]
    for network, path, point in zip(shown, paths, points, strict=True):
        numbers += [state_paths_panel(path, network), fixed_points_panel(point, network)]
    explain_indices(rows[2])
    maps = {"d": by_geometry.subplots(1, 2), "f": by_topology.subplots(1, 2)}
    reach = reach_of(compared.geometry_map, compared.topology_map)
    for letter, name in (("d", "geometry"), ("f", "topology")):
        left, right = maps[letter]
        numbers.append(map_panels(left, right, compared, name, reach=reach))
        letter_panel(left, letter, f"by {name}")
    for axes in maps["d"] if compared.kept.any() else ():
        axes.legend(loc="upper left", ncols=2, columnspacing=0.8, handletextpad=0.1)
    for letter in "ac":
        letter_panel(single[letter], letter)
    states.text(0.01, 0.98, "b", fontsize=9, weight="bold", va="top")
    rows[2].text(0.01, 0.98, "e", fontsize=9, weight="bold", va="top")
    single[""].set_title("mean graph of the kept networks")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Figure 1"), step.output.data)
