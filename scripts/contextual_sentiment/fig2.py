"""Step contextual_sentiment_fig2: phrases of the toy language among the slow points."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    draw_bars,
    draw_paths,
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

with run_step(snakemake) as step, publication_style():
    toy = load_dataset(step.input.toy)
    figure = make_figure(height=3.6)
    left, right = figure.subfigures(1, 2, width_ratios=[2.4, 1], squeeze=False).flat
    paths, steps = left.add_subplot(projection="3d"), right.subplots()
    draw_paths(paths, toy.point_pc.values, toy.point_logit.values, toy.path_pc.values,
               toy.path_name.values)  # fmt: skip
    draw_bars(steps, toy.step_after.values, toy.step_length.values,
              ylabel="step length |F(h) − h| (state units)")  # fmt: skip
    letter_panel(paths, "a", "phrases among slow points")
    letter_panel(steps, "b", "how slow states are")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    names = ["point_pc", "point_logit", "path_pc", "path_name", "step_after", "step_length"]
    save_dataset(join_numbers([take_numbers(toy, names)], title="Figure 2"), step.output.data)
