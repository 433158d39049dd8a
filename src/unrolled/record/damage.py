"""What a power cut left broken is put aside before a run is planned, so that the run makes it anew.

What was written shortly before may come back short, or as zeros, under its full name. Outputs and
records are on the disk before a job says so; this is for disks and network folders that promise
more than they keep, and for Snakemake's own notes, which nobody waits for: without its note
Snakemake would take a result for good whatever changes later in its code or settings.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from unrolled.record.ledger import read_ledger
from unrolled.record.outputs import digest, partial_path

__all__ = ["put_aside_damaged"]


def put_aside_damaged(
    folder: str | Path = ".", *, say: Callable[[str], object] = lambda line: None
) -> list[str]:
    """Rename outputs that are not whole any more as if their jobs had not ended.

    What nobody needs for now, a corpus whose networks are all trained for instance, is not made
    anew at once: Snakemake would then make all that follows anew as well.

    Whole are those with as many bytes as their record says, the last of them no zero, and others
    whose sha256 is the recorded one. An output that is longer was edited, not cut: it stays, for
    the audit to name.

    Parameters
    ----------
    folder : path
        Working folder, in which nobody else is at work.
    say : callable
        Told of each, in a line of text.

    Returns
    -------
    list of str
        Their paths from there.
    """
    folder = Path(folder)
    found = {**dict(_cut_outputs(folder)), **dict(_outputs_with_cut_notes(folder))}
    for name, why in found.items():
        os.replace(folder / name, partial_path(folder / name))
        say(
            f"{name}: {why}; it is put aside. This run makes it anew if it needs it, and "
            f"otherwise: snakemake --cores all {name}"
        )
    return list(found)


def _cut_outputs(folder: Path) -> Iterator[tuple[str, str]]:
    for name, entry in read_ledger(folder).outputs.items():
        path, left = folder / name, entry.output(name).get("bytes")
        # A record that was edited decides nothing.
        if entry.faults or not isinstance(left, int) or not (_is_result(name) and path.is_file()):
            continue
        size = path.stat().st_size
        if size < left:
            yield name, f"it has {size} of the {left} bytes that its job left"
        elif (
            size == left and _ends_in_zero(path) and digest(path)[0] != entry.output(name)["sha256"]
        ):
            yield name, "zeros have taken the place of its last bytes"


def _is_result(name: str) -> bool:
    """Whether a run may touch it, whatever records and notes say that came from elsewhere."""
    parts = Path(name).parts
    return parts[:1] in (("results",), ("resources",)) and ".." not in parts


def _ends_in_zero(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        return file.read() == b"\0"


def _outputs_with_cut_notes(folder: Path) -> Iterator[tuple[str, str]]:
    """Outputs of which Snakemake cannot read what it noted."""
    notes = folder / ".snakemake" / "metadata"
    for note in [path for path in notes.rglob("*") if path.is_file()]:
        try:
            json.loads(note.read_bytes())
        except ValueError:
            name = _noted_output(note.relative_to(notes))
            if name is not None and _is_result(name) and (folder / name).exists():
                yield name, "Snakemake's note on it was cut, without which it can go stale unseen"


def _noted_output(note: Path) -> str | None:
    """The output that a note is on: its name is the output's in base64, in pieces if long."""
    name = "".join(part.removeprefix("@") for part in note.parts)
    try:
        return base64.urlsafe_b64decode(name).decode()
    except ValueError:
        return None
