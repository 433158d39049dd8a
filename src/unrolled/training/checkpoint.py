"""A training's state in a file, so that a run that was killed goes on to the same bytes.

A checkpoint is written whole or not at all, and used only if it is whole and of the same
training. When it is written depends on the clock; nothing that is computed does.
"""

import contextlib
import hashlib
import json
import os
import time
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from .recipe import Documents, Plan, TargetedDocuments
from .state import Arrays, OptimiserState, TrainingState

# Of training. The largest checkpoint (73 MB: 32,768 words, 256 units) takes 0.2 to 0.3 s.
SECONDS_BETWEEN = 60.0

_KEY = "unrolled"
_FORMAT = 1
_GROUPS = ("parameters", "first_moments", "second_moments")


class Checkpoint:
    """The file of one network's training.

    Parameters
    ----------
    path : pathlib.Path
        Its folder is made if needed.
    identity : str
        From `training_identity`.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self._path, self._identity = path, identity
        self._last = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether the last one is old enough for another."""
        return time.monotonic() - self._last >= SECONDS_BETWEEN

    def save(self, state: TrainingState) -> None:
        """Write a state in place of the one before.

        Where it cannot be written, a full disk for instance, a warning says so: a training
        without a checkpoint is better than none.
        """
        tensors = {f"best/{key}": value for key, value in state.best.items()}
        for group in _GROUPS:
            values = getattr(state.optimiser, group)
            tensors |= {f"{group}/{key}": value for key, value in values.items()}
        numbers = {
            "step": state.optimiser.step,
            "generator": state.generator,
            "epoch": state.epoch,
            "losses": state.losses,
            "history": state.history,
            "best_epoch": state.best_epoch,
        }
        about = {
            "identity": self._identity,
            "sha256": _digest(_as_json(numbers), *_parts(tensors)),
            "numbers": numbers,
        }
        try:
            _write(self._path, save(tensors, metadata={_KEY: _as_json(about)}))
        except OSError as error:
            warnings.warn(
                f"The checkpoint {self._path} cannot be written ({error}). Training goes on, but "
                "if it is interrupted it begins anew. Make room, or make the folder writable.",
                stacklevel=2,
            )
        self._last = time.monotonic()

    def load(self) -> TrainingState | None:
        """The state that was saved last.

        Returns
        -------
        state : TrainingState or None
            None where there is none. One that is damaged or of another training is left
            alone, with a warning that says why.
        """
        if not self._path.exists():
            return None
        try:
            return self._read()
        except Exception as error:  # a file of unknown origin can fail in any way
            warnings.warn(
                f"The checkpoint {self._path} is of no use, so that training begins anew: {error}",
                stacklevel=2,
            )
            return None

    def _read(self) -> TrainingState:
        """The state, or an error that says what is wrong with the file."""
        with safe_open(self._path, framework="numpy") as file:
            about = json.loads((file.metadata() or {})[_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        numbers = about["numbers"]
        if about["sha256"] != _digest(_as_json(numbers), *_parts(tensors)):
            raise ValueError("its content is not what was written")
        if about["identity"] != self._identity:
            raise ValueError("it is of a training with another network, recipe, seed or corpus")
        groups = {group: _group(tensors, group) for group in _GROUPS}
        optimiser = OptimiserState(**groups, step=numbers.pop("step"))
        return TrainingState(optimiser=optimiser, best=_group(tensors, "best"), **numbers)


def documents_identity(*sets: Documents) -> str:
    """Digest of documents and their labels or targets."""
    parts: list[np.ndarray] = []
    for each in sets:
        told = each.joined if isinstance(each, TargetedDocuments) else each.labels
        parts += [np.concatenate(each.documents), each.lengths, told]
    return _digest(*parts)


def training_identity(plan: Plan, documents: str) -> str:
    """Digest of all that decides a training's bytes, but for the code and its libraries.

    Parameters
    ----------
    plan : Plan
        Before its generator was drawn from.
    documents : str
        From `documents_identity`.
    """
    facts = {
        "format": _FORMAT,
        "cell": [plan.network.cell.name, plan.network.cell.nonlinearity],
        "recipe": asdict(plan.recipe),
        "generator": plan.rng.bit_generator.state,
        "documents": documents,
        "frozen": sorted(plan.frozen),
    }
    own = {"labels": plan.labels, "validation_labels": plan.validation_labels}
    arrays = plan.network.parameters() | {k: v for k, v in own.items() if v is not None}
    return digest(facts, arrays)


def digest(facts: Mapping[str, Any], arrays: Arrays) -> str:
    """Sha256 of what JSON holds and of named arrays; type and shape count."""
    return _digest(_as_json(facts), *_parts(arrays))


def _group(tensors: Arrays, group: str) -> Arrays:
    """The tensors called ``<group>/<name>``, by name."""
    prefix = f"{group}/"
    return {
        key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)
    }


def _parts(arrays: Arrays) -> Iterable[str | np.ndarray]:
    """Names and values, in the order of the names."""
    for name in sorted(arrays):
        yield from (name, arrays[name])


def _digest(*parts: str | np.ndarray) -> str:
    """Sha256 of texts and arrays; type and shape count."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            part = np.frombuffer(part.encode(), dtype=np.uint8)
        total.update(f"{part.dtype} {part.shape}\n".encode())
        total.update(np.ascontiguousarray(part).data)
    return total.hexdigest()


def _as_json(content: Any) -> str:
    """JSON, the same for the same content; some generators keep arrays in their state."""
    return json.dumps(content, sort_keys=True, allow_nan=False, default=np.ndarray.tolist)


def _write(path: Path, content: bytes) -> None:
    """Put a file in place at once, so that a crash leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial.{path.name}")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
