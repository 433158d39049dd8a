"""Kinds of values that settings have, lenient with text and strict with everything else.

What stands inside braces on the command line arrives as text (``'64'``), and YAML reads ``1e-3``
as text too: both are numbers here. ``true`` is not.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

CELLS = ("vanilla", "ugrnn", "gru", "lstm", "linear")


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


def _listed(value: Any) -> Any:
    """A single value stands for a list of one."""
    return list(value) if isinstance(value, list | tuple) else [value]


Real = Annotated[float, BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_whole_number)]
Positive = Annotated[Real, Field(gt=0)]
NotNegative = Annotated[Real, Field(ge=0)]
Share = Annotated[Real, Field(ge=0, le=1)]
PartShare = Annotated[Real, Field(ge=0, lt=1)]
Count = Annotated[Whole, Field(ge=1)]
CountOrZero = Annotated[Whole, Field(ge=0)]
OptionalCount = Annotated[Count | None, BeforeValidator(_nothing)]
Counts = Annotated[list[Count], BeforeValidator(_listed), Field(min_length=1)]
Positives = Annotated[list[Positive], BeforeValidator(_listed), Field(min_length=1)]
NotNegatives = Annotated[list[NotNegative], BeforeValidator(_listed), Field(min_length=1)]
