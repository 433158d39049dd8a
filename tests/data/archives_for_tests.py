"""Tiny archives of the shape of the real ones, and their entries in sources.yaml."""

import hashlib
import io
import lzma
import pickle
import tarfile
import zipfile
from pathlib import Path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tar_bytes(files: dict[str, bytes], *, mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def zip_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write(path: Path, content: bytes, **entry) -> dict:
    """The archive on disk; its entry as sources.yaml would have it."""
    path.write_bytes(content)
    return {"file": path.name, "sha256": sha256(content), "home": "https://example.org", **entry}


def film_archive(folder: Path, lines: list[str]) -> tuple[Path, dict]:
    text = "".join(f"{line}\r\n" for line in lines).encode()
    inner = tar_bytes({"set/film.txt": text})
    path = folder / "film.tar.gz"
    source = write(
        path,
        tar_bytes({"pkg/inner.tar.gz": inner}),
        members={
            "snippets": {"path": ["pkg/inner.tar.gz", "set/film.txt"], "sha256": sha256(text)}
        },
        rows={"snippets": len(lines)},
    )
    return path, source


class _Asked:
    """Pickles as a call of a function of any module, as NumPy's and pandas' objects do."""

    def __init__(self, function, *arguments, state=None):
        self.reduced = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.reduced


def table_pickle(columns: dict[str, list[str]]) -> bytes:
    """A table of text, pickled in the layout of pandas' frames without using pandas."""
    import numpy as np

    class Frame:
        pass

    names = ["rownames", *columns]
    n_rows = len(next(iter(columns.values())))
    text = np.array(list(columns.values()), dtype=object)
    block = _Asked(_unpickle_block, text, slice(1, len(names), 1), 2)
    numbers = _Asked(_unpickle_block, np.arange(n_rows)[None], slice(0, 1, 1), 2)
    header = np.array(names, dtype=object)
    return pickle.dumps({"blocks": (numbers, block), "axes": [header]}, protocol=4)


def _unpickle_block(values, places, dimensions):
    raise AssertionError("a reader must not call what a pickle names")


def foods_archive(folder: Path, tables: dict[str, list[tuple[str, str, str]]]):
    members, rows, canonical, files = {}, {}, {}, {}
    for name, table in tables.items():
        product, score, review = (list(column) for column in zip(*table, strict=True))
        pickled = table_pickle({"product": product, "review": review, "score": score})
        content = files[f"data/{name}.pkl"] = lzma.compress(pickled)
        members[name] = {
            "path": [f"data/{name}.pkl"],
            "sha256": sha256(content),
            "compression": "xz",
        }
        rows[name] = len(table)
        lines = "".join(f"{p}\t{s}\t{r}\n" for p, s, r in table)
        canonical[name] = sha256(lines.encode())
    path = folder / "foods.whl"
    source = write(path, zip_bytes(files), members=members, rows=rows, canonical=canonical)
    return path, source
