"""Measurements of many networks in one dataset.

What every network has once lies along the dimension ``network``. Of points, departures and the
like each network has its own number: these lie one after another along a dimension of their own,
say ``point``, and the variable ``point_network`` says whose each is. Numbers that refer to points,
such as the end of a departure, count within the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.files import measured_dataset

if TYPE_CHECKING:
    import xarray as xr

NETWORK = "network"
OWNER = "_network"  # after a dimension's name: whose each entry is
RAGGED = ("point", "departure")


def stack_networks(measured: Sequence[Mapping[str, tuple]], attrs: Mapping[str, Any]) -> xr.Dataset:
    """What was measured of several networks, as one dataset.

    Parameters
    ----------
    measured : sequence of mapping
        Of each network: name -> (dims, values, units, long_name), see `unrolled.files.variable`.
    attrs : mapping
        Of the dataset.

    Returns
    -------
    xarray.Dataset
    """
    stacked: dict[str, tuple] = {}
    for name, (dims, _, units, text) in measured[0].items():
        own = (dims,) if isinstance(dims, str) else tuple(dims)
        values = [np.asarray(one[name][1]) for one in measured]
        if own and own[0] in RAGGED:
            counts = [len(each) for each in values]
            stacked[f"{own[0]}{OWNER}"] = (
                own[0], np.repeat(np.arange(len(values)), counts), "1", "whose this is",
            )  # fmt: skip
            stacked[name] = (own, np.concatenate(values), units, text)
        else:
            stacked[name] = ((NETWORK, *own), np.stack(values), units, text)
    return measured_dataset(stacked, attrs)


def join_networks(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """The networks of several datasets in one.

    Parameters
    ----------
    parts : sequence of xarray.Dataset
        Of the same measurements.

    Returns
    -------
    xarray.Dataset
        Their attributes are left out; variables without networks are those of the first part.
        Where networks have more of something than others, such as modes, NaN stands for those
        that the others lack.
    """
    import xarray as xr

    longest = {
        dim: max(part.sizes[dim] for part in parts)
        for dim in parts[0].sizes
        if dim not in (NETWORK, *RAGGED)
    }
    parts = [
        part.pad(
            {
                dim: (0, size - part.sizes[dim])
                for dim, size in longest.items()
                if size > part.sizes[dim]
            }
        )
        for part in parts
    ]
    joined = []
    for dim in (NETWORK, *RAGGED):
        names = [name for name, values in parts[0].items() if dim in values.dims]
        if names:
            joined.append(xr.concat([part[names] for part in parts], dim=dim, join="exact"))
    data = xr.merge(joined)
    for name, values in data.items():
        if values.dtype == object:  # texts of different lengths
            data[name] = values.astype(str)
    before = np.cumsum([0, *(part.sizes[NETWORK] for part in parts)])
    for dim in RAGGED:
        if f"{dim}{OWNER}" in data:
            counts = [part.sizes[dim] for part in parts]
            data[f"{dim}{OWNER}"] = data[f"{dim}{OWNER}"] + np.repeat(before[:-1], counts)
    shared = {name: v for name, v in parts[0].items() if name not in data}
    return data.assign(shared).drop_attrs(deep=False)


def network_in(data: xr.Dataset, number: int) -> xr.Dataset:
    """One network of a dataset.

    Parameters
    ----------
    data : xarray.Dataset
    number : int
        Its place along the dimension ``network``.

    Returns
    -------
    xarray.Dataset
        Without that dimension; of points and the like only its own.
    """
    own = {
        dim: np.flatnonzero(data[f"{dim}{OWNER}"].values == number)
        for dim in RAGGED
        if f"{dim}{OWNER}" in data
    }
    return data.isel({NETWORK: number, **own}).drop_vars([f"{dim}{OWNER}" for dim in own])


def trained_network(data: xr.Dataset, member: int) -> xr.Dataset:
    """The trained network of a number.

    Parameters
    ----------
    data : xarray.Dataset
        A chunk of networks that differ in their numbers and twins only.
    member : int

    Returns
    -------
    xarray.Dataset
        See `network_in`.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = np.flatnonzero((data.twin.values == "trained") & (data.member.values == member))
    if len(found) != 1:
        raise ValueError(
            f"there are {len(found)} trained networks of number {member} among "
            f"{data.sizes[NETWORK]}; one is to be shown. Set universality.figures.member to a "
            "network that population.networks makes."
        )
    return network_in(data, int(found[0]))
