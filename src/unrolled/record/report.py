"""What an audit found: files, links between them, and what is not as it was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

#: From the best to the worst.
VERDICTS = ("intact", "drifted", "stale", "unrecorded", "tampered")
#: Folders of results and of raw files, and digits of a sum that are shown.
RESULTS, RAW, DIGITS = "results", "resources", 12
_KINDS = {"models": "network", "analysis": "arrays", "figures": "figure", "data": "data"}


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was recorded.

    Parameters
    ----------
    verdict : str
        What it makes of the file.
    what : str
        ``bytes``, ``record``, ``input``, ``read``, ``setting``, ``code``, ``lock``, ``seed`` or
        ``rule``.
    name : str
        Which one.
    old, new : str or None
        As recorded and as found; None where there is none.
    note : str
        What else is known of it.
    """

    verdict: str
    what: str
    name: str
    old: str | None = None
    new: str | None = None
    note: str = ""

    @property
    def words(self) -> str:
        """What changed, from what, to what."""
        text = f"{self.verdict}: {self.what} {self.name}"
        if self.old is not None or self.new is not None:
            text += f": {_short(self.old)} → {_short(self.new)}"
        return f"{text} ({self.note})" if self.note else text


@dataclass(frozen=True)
class Link:
    """One file that was made from another.

    Parameters
    ----------
    output, input : str
        Their paths.
    recorded, found : str or None
        Sha256 of the input when it was used and now; None where it is missing.
    verdict : str
        ``intact``, or ``stale`` where the two differ.
    """

    output: str
    input: str
    recorded: str
    found: str | None
    verdict: str


@dataclass(frozen=True)
class Node:
    """One file and how it came about.

    Parameters
    ----------
    path : str
        From the working folder, or from the repository.
    kind : str
        ``figure``, ``claims``, ``metrics``, ``arrays``, ``network``, ``data``, ``result``, ``raw``
        or ``source``, a file of the repository.
    sha256 : str or None
        Now; None where it is missing.
    bytes : int or None
        Size now.
    verdict : str
        The worst of its changes.
    changes : tuple of Change
        What is not as it was recorded.
    links : tuple of Link
        One for each input, in the rule's order.
    record : dict or None
        Of the job that made it, see `unrolled.record.provenance`.
    source : dict or None
        Of a raw file: its entry in ``workflow/sources.yaml`` with home, licence and citation.
    """

    path: str
    kind: str
    sha256: str | None
    bytes: int | None
    verdict: str
    changes: tuple[Change, ...] = ()
    links: tuple[Link, ...] = ()
    record: dict[str, Any] | None = None
    source: dict[str, Any] | None = None


@dataclass(frozen=True)
class Report:
    """What an audit found.

    Parameters
    ----------
    targets : tuple of str
        Files that were asked for, by path.
    nodes : dict
        Every file of their lineages by path.
    """

    targets: tuple[str, ...]
    nodes: dict[str, Node] = field(repr=False)

    @cached_property
    def verdict(self) -> str:
        """The worst of all nodes."""
        return worst(node.verdict for node in self.nodes.values())

    def lineage(self, path: str) -> Iterator[Node]:
        """A file and all that it was made from, each once, from the file back to the raw bytes."""
        seen, todo = {path}, [path]
        while todo:
            node = self.nodes[todo.pop(0)]
            yield node
            following = dict.fromkeys(link.input for link in node.links)
            todo += [each for each in following if each not in seen]
            seen.update(following)

    def of(self, path: str) -> str:
        """Verdict on a file with all that it was made from: the worst of its lineage."""
        return worst(node.verdict for node in self.lineage(path))

    def as_dict(self) -> dict[str, Any]:
        """The same for a JSON file."""
        return {
            "verdict": self.verdict,
            "targets": {path: self.of(path) for path in self.targets},
            "nodes": {path: asdict(node) for path, node in self.nodes.items()},
        }


def worst(verdicts: Iterable[str]) -> str:
    """The worst of some verdicts; intact if there are none."""
    return max(verdicts, key=VERDICTS.index, default="intact")


def kind_of(path: str) -> str:
    """What a file is, by where it lies; the kinds are those of `Node`.

    Parameters
    ----------
    path : str
        From the working folder, or from the repository.
    """
    top, *parts = Path(path).parts
    if top == RAW:
        return "raw"
    if top != RESULTS:
        return "source"
    if parts[-1] in ("metrics.json", "claims.json"):
        return parts[-1].removesuffix(".json")
    return next((kind for part, kind in _KINDS.items() if part in parts[1:-1]), "result")


def _short(value: str | None) -> str:
    """A sum by its first digits, anything else whole."""
    if value is None:
        return "none"
    is_sum = len(value) == 64 and not set(value) - set("0123456789abcdef")
    return value[:DIGITS] if is_sum else value
