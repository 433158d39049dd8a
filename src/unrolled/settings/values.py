"""Kinds of values that settings have, lenient with text and strict with everything else.

What stands inside braces on the command line arrives as text (``'64'``), and YAML reads ``1e-3``
as text too: both are numbers here. ``true`` is not.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

CELLS = ("vanilla", "ugrnn", "gru", "lstm", "linear")
# NetCDF-3 counts in 32 bits.
_LARGEST = 2**31 - 1
# Every network is planned before the first job runs: a slip of the keys must not fill the memory.
_MOST_NETWORKS = 1000


class Block(BaseModel):
    """A dictionary of settings in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


def contradiction(key: str, message: str) -> PydanticCustomError:
    """An error about settings that are each valid but do not go together.

    Parameters
    ----------
    key : str
        The setting to blame, with dots.
    message : str
        What is wrong with it and what would be valid.

    Returns
    -------
    PydanticCustomError
        To be raised in a validator.
    """
    return PydanticCustomError("contradiction", "{message}", {"message": message, "key": key})


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("bool_for_number", "a number is needed, not true or false")
    return value


def _whole_number(value: Any) -> Any:
    """Text such as ``6e4`` is a whole number as well, if it is one."""
    value = _number(value)
    if isinstance(value, str):
        try:
            value = float(value) if not value.strip().lstrip("+-").isdigit() else value
        except ValueError:
            return value
    return value


def _nothing(value: Any) -> Any:
    """``null`` and ``none`` inside braces are text."""
    return None if isinstance(value, str) and value.lower() in {"", "null", "none"} else value


def listed(value: Any) -> Any:
    """A single value stands for a list of one."""
    return list(value) if isinstance(value, list | tuple) else [value]


def _distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise PydanticCustomError("repeated", "{value} stands there twice", {"value": str(twice)})
    return values


Distinct = AfterValidator(_distinct)
Real = Annotated[float, BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_whole_number)]
Positive = Annotated[Real, Field(gt=0)]
NotNegative = Annotated[Real, Field(ge=0)]
Share = Annotated[Real, Field(ge=0, le=1)]
PartShare = Annotated[Real, Field(ge=0, lt=1)]
Count = Annotated[Whole, Field(ge=1, le=_LARGEST)]
CountOrZero = Annotated[Whole, Field(ge=0, le=_LARGEST)]
NetworkCount = Annotated[Whole, Field(ge=1, le=_MOST_NETWORKS)]
NetworkCountOrZero = Annotated[Whole, Field(ge=0, le=_MOST_NETWORKS)]
Seed = Annotated[Whole, Field(ge=0, le=2**63 - 1)]
OptionalCount = Annotated[Count | None, BeforeValidator(_nothing)]
Counts = Annotated[list[Count], BeforeValidator(listed), Field(min_length=1)]
Positives = Annotated[list[Positive], BeforeValidator(listed), Field(min_length=1)]
NotNegatives = Annotated[list[NotNegative], BeforeValidator(listed), Field(min_length=1)]
