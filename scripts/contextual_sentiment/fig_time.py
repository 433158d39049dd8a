"""Step contextual_sentiment_fig_time: each modifier has its own strength and time scale."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    draw_gain_courses,
    draw_words_by_gain,
    join_numbers,
    letter_panel,
    make_figure,
    name_pair,
    publication_style,
    save_figure,
    take_numbers,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def kind_of(word: str) -> str:
    """The kind of a modifier by its name, not4 of not4_1."""
    return word.rpartition("_")[0]


with run_step(snakemake) as step, publication_style():
    networks = [load_dataset(path) for path in step.input.trained]
    cells = [load_dataset(path) for path in step.input.cells]
    written, ladder = load_dataset(step.input.written), load_dataset(step.input.ladder)
    truth = {
        kind_of(str(word)): gains
        for word, gains in zip(ladder.modifier_word.values, ladder.true_gain.values, strict=True)
    }
    figure = make_figure(height=5.0)
    panels = figure.subplot_mosaic("ab;cd", width_ratios=[1.25, 1])
    kinds = [one.inserted_kind.values for one in networks]
    draw_gain_courses(panels["a"], kinds, [one.gain.values for one in networks], truth=truth)
    letter_panel(panels["a"], "a", f"{name_pair(networks[0].attrs)}, dotted: truth")
    panels["a"].legend(loc="lower right")
    for letter, one in zip("bc", cells, strict=False):
        own = [one.inserted_kind.values], [one.gain.values]
        draw_gain_courses(panels[letter], *own, truth=truth)
        letter_panel(panels[letter], letter, name_pair(one.attrs))
    n = written.sizes["modifier"]
    draw_words_by_gain(panels["d"], written.inserted_word.values[:n], written.gain.values[:, :n])
    letter_panel(panels["d"], "d", name_pair(written.attrs))
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    shown = {f"rank{rank}": one for rank, one in enumerate(networks)}
    shown |= {str(one.attrs["cell"]): one for one in cells} | {"written": written}
    names = ["gain", "inserted_word", "inserted_kind"]
    numbers = [take_numbers(one, names, prefix=prefix) for prefix, one in shown.items()]
    numbers.append(take_numbers(ladder, ["true_gain", "modifier_word"], prefix="truth"))
    save_dataset(join_numbers(numbers, title="Time scales of modifiers"), step.output.data)
