"""The numbers that a figure shows, gathered into one dataset beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr


def take_numbers(dataset: xr.Dataset, names: Sequence[str], *, prefix: str = "") -> xr.Dataset:
    """Some variables of an analysis file, as a panel has drawn them.

    Parameters
    ----------
    dataset : xarray.Dataset
        The analysis file.
    names : sequence of str
        Variables.
    prefix : str, optional
        Put before the names of variables and dimensions, with an underscore, so that two networks
        can stand in one file.

    Returns
    -------
    xarray.Dataset
        Without the attributes of the file; those of the variables stay.

    Raises
    ------
    KeyError
        If the analysis file lacks a variable; the message names it and the network.
    """
    missing = [name for name in names if name not in dataset]
    if missing:
        where = "/".join(str(dataset.attrs.get(key, "?")) for key in ("corpus", "cell", "twin"))
        raise KeyError(
            f"the analysis of {where} has no {', '.join(missing)}. It was made by older code: "
            "delete it and run `snakemake --cores all` again."
        )
    taken = dataset[list(names)].drop_attrs(deep=False)
    # Text that was read from a file has no width, which it needs to be written again.
    taken = taken.assign(
        {
            name: array.astype(str, keep_attrs=True)
            for name, array in taken.data_vars.items()
            if array.dtype == object
        }
    )
    if not prefix:
        return taken
    new_names = {str(name): f"{prefix}_{name}" for name in [*taken.variables, *taken.dims]}
    return taken.rename(new_names)


def join_numbers(parts: Iterable[xr.Dataset], **attributes: str) -> xr.Dataset:
    """Numbers of several panels in one dataset, names in alphabetical order.

    Parameters
    ----------
    parts : iterable of xarray.Dataset
        Results of `take_numbers`; a variable that two panels draw is kept once.
    **attributes
        Of the whole: what figure, of which networks.

    Returns
    -------
    xarray.Dataset
        Ready for `unrolled.files.save_dataset`.
    """
    import xarray as xr

    joined = xr.merge(list(parts), compat="identical", combine_attrs="no_conflicts", join="exact")
    return joined[sorted(map(str, joined.variables))].assign_attrs(attributes)
