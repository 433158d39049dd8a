"""The code that a script depends on, found by reading its imports; nothing is run.

A script imports from rooms of `unrolled`, whose public names stand in an ``__init__.pyi``. The
walk follows each imported name to the one module that defines it, and on from there. Two texts
count as the same code when they differ in comments, docstrings and layout only.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from unrolled.record.lock import lock_fingerprint

PACKAGE = "unrolled"
# Modules that only keep the books, and the package itself, which has but its version: a better
# log line, or a release, makes no result stale. Seeds and threads
# (record.determinism) count, and so do claims and pages.
BOOKKEEPING = frozenset({PACKAGE}) | frozenset(
    f"{PACKAGE}.record.{name}"
    for name in (
        "advice",
        "alive",
        "closure",
        "lock",
        "logs",
        "outputs",
        "provenance",
        "reads",
        "seals",
        "step",
    )
)
_DIGITS = 12


def code_of(script: str, *files: str, root: str | Path, seed: int) -> list[str]:
    """Short texts for a rule's ``params``: whatever of them changes makes the rule's jobs stale.

    Parameters
    ----------
    script : str
        Path of the rule's script, from `root`.
    *files : str
        Further files that the script reads by `Step.source`: claims, published numbers.
    root : path
        Folder of the Snakefile; the package is in its ``src``.
    seed : int
        Root seed.

    Returns
    -------
    list of str
        ``"scripts/… <hash>"``, one ``"unrolled.… <hash>"`` for each module, ``"lock <hash>"`` and
        ``"seed <number>"``. A missing file or module has ``missing`` for its hash: the job that
        needs it will fail, the others need not.
    """
    root = Path(root)
    lines = [f"{script} {_hash_of_code(root / script)}"]
    lines += [f"{name} {digest}" for name, digest in sorted(closure(script, root=root).items())]
    lines += [f"{file} {_hash_of_file(root / file)}" for file in files]
    return [*lines, f"lock {_lock(root)}", f"seed {seed}"]


def closure(script: str, *, root: str | Path) -> dict[str, str]:
    """Every module of the package that a script uses, with a hash of its code.

    Parameters
    ----------
    script : str
        Path of the script, from `root`.
    root : path
        Folder whose ``src`` holds the package.

    Returns
    -------
    dict
        Module name, or path of a file beside the module that it names, to hash.
    """
    root = Path(root)
    source = root / "src"
    found: dict[str, str] = {}
    seen: set[str] = set()
    todo = list(_imports_of(root / script, "", source)) if (root / script).is_file() else []
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        path = _file_of(name, source)
        if path is None:
            found[name] = "missing"
            continue
        if name not in BOOKKEEPING:
            found[name] = _hash_of_code(path)
            for file in _data_files(path):
                found[file.relative_to(source).as_posix()] = _hash_of_file(file)
        todo.extend(_imports_of(path, name, source))
    return found


def modules_in(code: list[str]) -> set[str]:
    """Names of the modules that `code_of` listed.

    Parameters
    ----------
    code : list of str
        What `code_of` returned.

    Returns
    -------
    set of str
        With the bookkeeping, which any script may load.
    """
    return {line.split()[0] for line in code} | BOOKKEEPING


@cache
def _imports_of(path: Path, module: str, source: Path) -> tuple[str, ...]:
    """Modules of the package that one file imports, parents first; names followed home."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: list[str] = []
    for node in _executed(_tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names += _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            names += _with_parents(base)
            for alias in node.names:
                names += _home_of(base, alias.name, source)
    return tuple(name for name in names if name.split(".")[0] == PACKAGE)


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """Every statement, where all imports stand, without what only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for other in node.orelse:
                yield other
                yield from _executed(other)
            continue
        yield node
        yield from _executed(node)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    """Full name of the module that a ``from … import`` reads."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def _home_of(base: str, name: str, source: Path) -> list[str]:
    """Modules to add for one imported name: none if its module `base` defines it itself."""
    if base.split(".")[0] != PACKAGE:
        return []
    folder = source.joinpath(*base.split("."))
    stub = folder / "__init__.pyi"
    exported = _stub_names(stub, base) if stub.is_file() else {}
    if name == "*":
        return [module for home in exported.values() for module in _with_parents(home)]
    if name in exported:
        return _with_parents(exported[name])
    if _file_of(f"{base}.{name}", source):
        return [f"{base}.{name}"]
    return []


@cache
def _stub_names(stub: Path, package: str) -> dict[str, str]:
    """Public name to the module that defines it, as a room's stub says."""
    names = {}
    for node in ast.walk(_tree(stub)):
        if isinstance(node, ast.ImportFrom):
            home = _absolute(node, package)
            for alias in node.names:
                is_module = home == package
                names[alias.asname or alias.name] = f"{home}.{alias.name}" if is_module else home
    return names


def _file_of(module: str, source: Path) -> Path | None:
    place = source.joinpath(*module.split("."))
    for path in (place / "__init__.py", place.with_suffix(".py")):
        if path.is_file():
            return path
    return None


@cache
def _data_files(path: Path) -> tuple[Path, ...]:
    """Files beside a module, or in folders beside it, that its text mentions by name."""
    candidates = _package_data(path.parent)
    if not candidates:
        return ()
    texts = {
        part
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200
        for part in node.value.split("/")
    }
    return tuple(
        file for file in candidates if texts.intersection(file.relative_to(path.parent).parts)
    )


@cache
def _package_data(folder: Path) -> tuple[Path, ...]:
    return tuple(
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and file.suffix not in {".py", ".pyi", ".pyc"}
        and not any(part.startswith((".", "__")) for part in file.relative_to(folder).parts)
        and file.name != "py.typed"
    )


@cache
def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError:  # the job that runs it will say so; the others may go on
        return ast.Module(body=[], type_ignores=[])


@cache
def _hash_of_code(path: Path) -> str:
    """Hash of a file's code, the same whatever its comments, docstrings and layout say."""
    if not path.is_file():
        return "missing"
    try:
        tree = ast.parse(path.read_bytes())  # not the one kept: docstrings are taken out
    except SyntaxError:
        return _hash_of_file(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [each for each in node.body if not _is_text(each)]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:_DIGITS]


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is a bare text: a docstring, of a function or of an attribute."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@cache
def _hash_of_file(path: Path) -> str:
    """Hash of a file's content; of a YAML file's meaning, so that its comments are free."""
    if not path.is_file():
        return "missing"
    content = path.read_bytes()
    if path.suffix in {".yaml", ".yml"}:
        import yaml

        try:
            meaning = yaml.safe_load(content)
            content = json.dumps(meaning, default=str, sort_keys=False).encode()
        except (yaml.YAMLError, TypeError):
            pass  # whoever reads it will say so
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


@cache
def _lock(root: Path) -> str:
    return lock_fingerprint(root)


def forget() -> None:
    """Read every file anew: for a process that sees code change, as tests do."""
    for each in (
        _imports_of,
        _stub_names,
        _data_files,
        _package_data,
        _tree,
        _hash_of_code,
        _hash_of_file,
    ):
        each.cache_clear()
    _lock.cache_clear()
