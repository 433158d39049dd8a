"""Files that steps write and read: the same bytes for the same content, every time.

Arrays go into NetCDF-3 (64-bit offsets), a format without clock times or random ids; tables into
CSV; numbers into JSON with sorted keys. Nothing is ever pickled.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # xarray takes most of a second to import; a step without arrays need not pay
    import xarray as xr

# Variables without a single entry are kept here: in NetCDF-3 a dimension of length zero *means*
# "unlimited", of which a file can have but one.
_EMPTY = "empty_variables"
_REQUIRED = ("units", "long_name")
_WIDENED = {"bool": "int8", "uint8": "int16", "uint16": "int32", "uint32": "int32"}


def variable(
    dims: str | Sequence[str], values: Any, *, units: str, long_name: str, **attrs: Any
) -> tuple[str | Sequence[str], Any, dict[str, Any]]:
    """What `xarray.Dataset` takes for a variable, with its unit and description.

    Parameters
    ----------
    dims : str or sequence of str
        Name of each axis; ``()`` for a single number.
    values : array_like
        One axis for each name in `dims`.
    units : str
        Unit of the values; ``"1"`` for a pure number.
    long_name : str
        What one value is, as an axis label would say it.
    **attrs
        Further attributes: text or numbers.

    Returns
    -------
    tuple
        ``(dims, values, attributes)``.
    """
    return dims, values, {"units": units, "long_name": long_name, **attrs}


def measured_dataset(measured: Mapping[str, tuple], attrs: Mapping[str, Any]) -> xr.Dataset:
    """What a measurement returns, as a dataset.

    Parameters
    ----------
    measured : mapping of str to tuple
        Name -> (dims, values, units, long_name), see `variable`.
    attrs : mapping
        Of the dataset.

    Returns
    -------
    xarray.Dataset
    """
    import xarray as xr

    return xr.Dataset(
        {
            name: variable(dims, values, units=units, long_name=long_name)
            for name, (dims, values, units, long_name) in measured.items()
        },
        attrs=attrs,
    )


def save_dataset(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a dataset as NetCDF-3 with 64-bit offsets, byte for byte the same each time.

    Parameters
    ----------
    dataset : xarray.Dataset
        Every variable needs the attributes ``units`` and ``long_name``. Booleans become 8-bit
        integers, 64-bit integers 32-bit ones.
    path : str or pathlib.Path
        File to write; its folder exists.

    Raises
    ------
    ValueError
        If a variable lacks ``units`` or ``long_name``, or its values do not fit NetCDF-3.
    """
    path = Path(path)
    for name, array in dataset.variables.items():
        missing = [key for key in _REQUIRED if not array.attrs.get(key)]
        if missing:
            raise ValueError(
                f"{path}: variable {name!r} has no {' and no '.join(missing)}. Build it with "
                "unrolled.files.variable(dims, values, units=..., long_name=...)."
            )
    plain = dataset.assign(
        {name: array.copy(data=_fitting(name, array.values, path)) for name, array in _all(dataset)}
    ).drop_encoding()
    empty = {
        str(name): {
            "dims": list(array.dims),
            "shape": list(array.shape),
            "dtype": str(array.dtype),
            "attrs": {key: _plain(value) for key, value in array.attrs.items()},
        }
        for name, array in _all(plain)
        if array.size == 0
    }
    plain = plain.drop_vars(list(empty))
    if empty:
        plain.attrs[_EMPTY] = json.dumps(empty, sort_keys=True)
    encoding: dict[Hashable, dict[str, Any]] = {
        name: {"_FillValue": None} for name in plain.variables
    }
    plain.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT", encoding=encoding)


def load_dataset(path: str | Path) -> xr.Dataset:
    """Read a dataset that `save_dataset` wrote, wholly into memory; the file is closed again.

    Parameters
    ----------
    path : str or pathlib.Path
        NetCDF-3 file.

    Returns
    -------
    xarray.Dataset
        Nothing is decoded: a unit of ``seconds`` stays a number of seconds.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no NetCDF-3, or was cut short.
    """
    import xarray as xr

    path = Path(path)
    content = path.read_bytes()
    try:
        if not content.startswith(b"CDF"):
            raise ValueError("it does not begin as NetCDF-3 does")
        with xr.open_dataset(
            io.BytesIO(content),
            engine="scipy",
            decode_times=False,
            decode_timedelta=False,
            mask_and_scale=False,
        ) as opened:
            dataset = opened.load()
        empty = json.loads(dataset.attrs.pop(_EMPTY, "{}"))
    except (ValueError, TypeError, KeyError, IndexError, EOFError, OSError) as error:
        raise ValueError(
            f"{path} ({len(content)} bytes) is not a whole NetCDF-3 file: {error}. Delete it and "
            "run `snakemake --cores all` again; only what depends on it is made anew."
        ) from error
    for name, kept in empty.items():
        values = _zeros(kept["shape"], kept["dtype"])
        dataset[name] = (kept["dims"], values, kept["attrs"])
    return dataset


def save_table(rows: Iterable[Mapping[str, Any]], path: str | Path, columns: Sequence[str]) -> None:
    r"""Write rows as CSV with a header line; UTF-8, lines end in ``\n``.

    Parameters
    ----------
    rows : iterable of dict
        Each has exactly the keys `columns`; ``None`` becomes an empty field.
    path : str or pathlib.Path
        File to write.
    columns : sequence of str
        Header, in this order.

    Raises
    ------
    ValueError
        If a row has other keys than `columns`.
    """
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for number, row in enumerate(rows):
            if set(row) != set(columns):
                raise ValueError(
                    f"{path}: row {number} has the columns {sorted(row)}, but the table has "
                    f"{sorted(columns)}."
                )
            writer.writerow([_plain(row[column]) for column in columns])


def load_table(path: str | Path) -> list[dict[str, str]]:
    """Read a CSV file with a header line.

    Parameters
    ----------
    path : str or pathlib.Path
        File to read.

    Returns
    -------
    list of dict
        One for each row; every field is text.

    Raises
    ------
    ValueError
        If the file is empty, or a row has more or fewer fields than the header.
    """
    with Path(path).open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    if not lines:
        raise ValueError(f"{path} is empty; delete it and run `snakemake --cores all` again.")
    header = lines[0]
    for number, fields in enumerate(lines[1:], start=2):
        if len(fields) != len(header):
            raise ValueError(
                f"{path}, line {number}: {len(fields)} fields, but the header has {len(header)}. "
                "Delete the file and run `snakemake --cores all` again."
            )
    return [dict(zip(header, fields, strict=True)) for fields in lines[1:]]


def save_json(content: Any, path: str | Path) -> None:
    """Write numbers, text, lists and dictionaries as JSON: sorted keys, two spaces, UTF-8.

    Parameters
    ----------
    content : dict or list
        NumPy's numbers and arrays are taken as plain ones.
    path : str or pathlib.Path
        File to write.

    Raises
    ------
    ValueError
        If a number is not finite: JSON has none. Use ``None`` for "there is no value".
    """
    _refuse_non_finite(content, "", path)
    text = json.dumps(
        content, sort_keys=True, indent=2, allow_nan=False, ensure_ascii=False, default=_plain
    )
    Path(path).write_text(text + "\n", encoding="utf-8", newline="\n")


def load_json(path: str | Path) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    path : str or pathlib.Path
        File to read.

    Returns
    -------
    dict or list
        Its content.

    Raises
    ------
    ValueError
        If the file is not JSON (cut short, for instance).
    """
    text = Path(path).read_text(encoding="utf-8")
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(
            f"{path} ({len(text)} characters) is not JSON: {error}. Delete it and run "
            "`snakemake --cores all` again."
        ) from error


def _all(dataset: xr.Dataset) -> list[tuple[Hashable, xr.Variable]]:
    """Name and variable of everything in a dataset, coordinates included."""
    return list(dataset.variables.items())


def _fitting(name: Hashable, values: Any, path: Path) -> Any:
    """The values in a type that NetCDF-3 has, which knows neither bool, unsigned nor 64 bits."""
    import numpy as np

    values = np.asarray(values)
    if values.dtype.kind in "iu" and values.dtype.itemsize > 4:
        target = "int32"
    else:
        target = _WIDENED.get(values.dtype.name, values.dtype.name)
    if values.dtype.kind not in "biufUS" or values.dtype.name == "float16":
        raise ValueError(
            f"{path}: variable {name!r} is of type {values.dtype}, which NetCDF-3 cannot hold. "
            "Give it integers, float32, float64, booleans or text."
        )
    if values.dtype.kind in "US":
        return values
    fitted = values.astype(target)
    if values.dtype.kind in "iu" and not np.array_equal(fitted, values):
        raise ValueError(
            f"{path}: variable {name!r} has integers beyond 32 bits (up to {values.max()}), "
            "which NetCDF-3 cannot hold. Store it as float64, or as two variables."
        )
    return fitted


def _zeros(shape: list[int], dtype: str) -> Any:
    import numpy as np

    return np.zeros(shape, dtype=dtype)


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's own."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return value.as_posix()
    if value is None or isinstance(value, str | int | float | bool | list | tuple | dict):
        return value
    raise TypeError(f"a value of type {type(value).__name__} cannot be written: {value!r}")


def _refuse_non_finite(content: Any, where: str, path: str | Path) -> None:
    """Raise with the place of the first number that is not finite."""
    content = _plain(content)
    if isinstance(content, Mapping):
        for key, value in content.items():
            _refuse_non_finite(value, f"{where}.{key}" if where else str(key), path)
    elif isinstance(content, list | tuple):
        for position, value in enumerate(content):
            _refuse_non_finite(value, f"{where}[{position}]", path)
    elif isinstance(content, float) and not math.isfinite(content):
        raise ValueError(
            f"{path}: {where} is {content}, which JSON cannot hold. Use None where there is no "
            "value, and look why the number is not finite."
        )
