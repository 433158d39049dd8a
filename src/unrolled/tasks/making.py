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
        If there is no such task, a setting is missing or unknown, or its class refuses one.
    """
    if name not in TASKS:
        raise ValueError(f"There is no task {name!r}; there are {', '.join(TASKS)}.")
    try:
        return TASKS[name](**settings)
    except TypeError as error:
        raise ValueError(f"The settings of the task {name!r} do not fit it: {error}.") from error
