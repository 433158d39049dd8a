"""The tasks by name."""

from collections.abc import Mapping
from typing import Any

from unrolled.tasks.integration import Integration
from unrolled.tasks.memory import Memory
from unrolled.tasks.sine import Sine

TASKS = {kind.name: kind for kind in (Memory, Sine, Integration)}


def make_task(name: str, settings: Mapping[str, Any]) -> Any:
    """A task by name.

    Parameters
    ----------
    name : {"memory", "sine", "integration"}
    settings : mapping
        Parameters of its class.

    Returns
    -------
    Memory or Sine or Integration

    Raises
    ------
    ValueError
        If there is no such task, or its class refuses a setting.
    """
    if name not in TASKS:
        raise ValueError(f"There is no task {name!r}; there are {', '.join(TASKS)}.")
    return TASKS[name](**settings)
