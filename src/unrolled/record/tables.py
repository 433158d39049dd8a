"""Tables of plotted numbers, laid out for reading."""

from collections.abc import Mapping, Sequence

from unrolled.record.verdicts import plain_number

__all__ = ["wide_table"]


def wide_table(
    rows: Sequence[Mapping[str, str]], *, across: str = "model"
) -> tuple[list[str], list[list[str]]]:
    """A long table as a person would print it: one column for each value of `across`.

    Parameters
    ----------
    rows : sequence of mapping
        As read from a CSV. Columns before `across` name the row, the first one after it holds
        the number, and columns that begin with ``low`` and ``high`` its range.
    across : str
        Column whose values become columns; a table without it is only tidied.

    Returns
    -------
    columns : list of str
    cells : list of list of str
        Numbers shortened, in the order of first appearance; empty where there is none.

    Examples
    --------
    >>> wide_table([
    ...     {"documents": "film", "model": "gru", "percent": "80.123", "low": "79", "high": "81"},
    ...     {"documents": "film", "model": "lstm", "percent": "79", "low": "79", "high": "79"},
    ... ])
    (['documents', 'gru', 'lstm'], [['film', '80.1 (79–81)', '79']])
    """
    if not rows:
        return [], []
    columns = list(rows[0])
    if across not in columns or columns.index(across) + 1 >= len(columns):
        return [_words(name) for name in columns], [
            [_shown(row[name]) for name in columns] for row in rows
        ]
    place = columns.index(across)
    index, value = columns[:place], columns[place + 1]
    low, high = (
        next((name for name in columns if name.startswith(side)), None) for side in ("low", "high")
    )
    models = list(dict.fromkeys(row[across] for row in rows))
    lines: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        text = _shown(row[value])
        if low and high and row[low] != row[high]:
            text += f" ({_shown(row[low])}–{_shown(row[high])})"
        lines.setdefault(tuple(row[name] for name in index), {})[row[across]] = text
    return [_words(name) for name in [*index, *models]], [
        [*map(_words, names), *(line.get(model, "") for model in models)]
        for names, line in lines.items()
    ]


def _shown(text: str) -> str:
    try:
        return plain_number(float(text)) if text.strip() else ""
    except ValueError:
        return _words(text)


def _words(text: str) -> str:
    return text.replace("_", " ")
