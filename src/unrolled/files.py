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
    import yaml

# Variables without a single entry are kept here: in NetCDF-3 a dimension of length zero *means*
# "unlimited", of which a file can have but one.
_EMPTY = "empty_variables"
_MOST_VALUES = 100_000  # of a YAML file; ours have a few thousand
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
    path = Path(path)
    content = path.read_bytes()
    try:
        return _dataset(content)
    except Exception as error:  # bytes of unknown origin can fail the library in any way
        raise ValueError(
            f"{path} ({len(content)} bytes) is not a whole NetCDF-3 file: "
            f"{str(error) or type(error).__name__}. Delete it and "
            "run `snakemake --cores all` again; only what depends on it is made anew."
        ) from error


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
        If the file is empty or no CSV in UTF-8, two columns have one name, or a row has more or
        fewer fields than the header.
    """
    try:
        # A mark of UTF-8 at the start, which spreadsheets write, is no part of a column's name.
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path} is not CSV in UTF-8: {error}. Delete it and run `snakemake --cores all` again."
        ) from error
    if not lines or not lines[0]:
        raise ValueError(f"{path} is empty; delete it and run `snakemake --cores all` again.")
    header = lines[0]
    if (twice := _twin(header)) is not None:
        raise ValueError(
            f"{path}: two columns are called {twice!r:.40}; each needs a name of its own. Delete "
            "the file and run `snakemake --cores all` again."
        )
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
        If the file is not JSON (cut short, for instance), holds a number that is not finite, or
        has a key twice.
    """
    content = Path(path).read_bytes()
    try:
        return json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_without_twins,
            parse_constant=_finite,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} ({len(content)} bytes) is not JSON as it is written here: {error}. Delete it "
            "and run `snakemake --cores all` again."
        ) from error


def load_yaml(path: str | Path) -> Any:
    """Read a YAML file of plain values.

    Parameters
    ----------
    path : str or pathlib.Path
        File to read.

    Returns
    -------
    object
        Its content; None if there is none.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not YAML in UTF-8, has a key twice, or repeats its parts by reference
        until they are more than any file of ours.
    """
    import yaml

    content = Path(path).read_bytes()
    try:
        loader = yaml.SafeLoader(content.decode("utf-8"))
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _refuse_beyond_reason(node)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except Exception as error:  # a date of month 13, say, fails the library in its own way
        raise ValueError(f"{path} is not valid YAML: {error}") from error


def _dataset(content: bytes) -> xr.Dataset:
    """The dataset in a NetCDF-3 file, with the variables that the format cannot hold."""
    import xarray as xr

    if not content.startswith(b"CDF"):
        raise ValueError("it does not begin as NetCDF-3 does")
    with xr.open_dataset(
        _ReadOnce(content),
        engine="scipy",
        decode_times=False,
        decode_timedelta=False,
        mask_and_scale=False,
    ) as opened:
        dataset = opened.load()
    for name, kept in json.loads(dataset.attrs.pop(_EMPTY, "{}")).items():
        if 0 not in kept["shape"]:
            raise ValueError(f"variable {name!r} has entries, but is said to have none")
        dataset[name] = (kept["dims"], _zeros(kept["shape"], kept["dtype"]), kept["attrs"])
    return dataset


class _ReadOnce(io.BytesIO):
    """Bytes of which no more are read than there are, but for what a look at the header takes.

    A header can put any number of variables in one place, and so unpack a small file without end.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._left = len(content) + 1024

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            raise ValueError("a length is negative")
        content = super().read(size)
        self._left -= len(content)
        if self._left < 0:
            raise ValueError("its variables overlap")
        return content


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is not a finite number")
    return number


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if (twin := _twin(key for key, _ in pairs)) is not None:
        raise ValueError(f"the key {twin!r:.40} stands twice in one place")
    return dict(pairs)


def _twin(names: Iterable[str]) -> str | None:
    """The first name that came before."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _refuse_beyond_reason(root: yaml.Node) -> None:
    """Raise for a key that stands twice, and for references that unfold into too much."""
    import yaml

    sizes: dict[int, float] = {}

    def size(node: yaml.Node) -> float:
        """Number of values that a node stands for, references unfolded."""
        if id(node) in sizes:
            return sizes[id(node)]
        sizes[id(node)] = math.inf  # of a node that holds itself
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            parts = node.value
        elif isinstance(node, yaml.MappingNode):
            keys = (key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
            if (twin := _twin(keys)) is not None:
                line = node.start_mark.line + 1
                raise ValueError(f"the key {twin!r:.40} stands twice in what begins on line {line}")
            parts = [part for pair in node.value for part in pair]
        sizes[id(node)] = 1 + sum(map(size, parts))
        return sizes[id(node)]

    if size(root) > _MOST_VALUES:
        raise ValueError(f"its references unfold into more than {_MOST_VALUES} values")


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
