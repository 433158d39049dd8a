"""From a dictionary to checked settings, or to a message that a person can act on."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from unrolled.settings.model import SCALES, Settings

Place = tuple[str | int, ...]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # without libyaml ten times as slow
_LONGEST = 200  # characters of a faulty value that a message shows
_DEEPEST = 12  # levels of blocks and lists, twice what the settings have


class SettingsError(ValueError):
    """The settings cannot be used; the message says which, where and what would be valid."""


def check_file(path: str | Path) -> None:
    """Look whether a settings file can be read at all, before Snakemake does.

    Parameters
    ----------
    path : path
        YAML or JSON.

    Raises
    ------
    SettingsError
        If it is not UTF-8 text, not YAML, no block of settings, or says a key twice, of which
        YAML would silently take the second; with the line.
    """
    _read(path)


def check_scale(config: Mapping[str, Any], *, files: Iterable[str | Path] = ()) -> str:
    """The scale of this run; looked at before the file of that scale is opened.

    Parameters
    ----------
    config : dict
        Base settings with the command line laid over them.
    files : iterable of path
        Settings files named on the command line, which may be of one scale only.

    Returns
    -------
    str
        ``smoke``, ``demo`` or ``paper``.

    Raises
    ------
    SettingsError
        If there is no such scale, or a file is made for another one.
    """
    scale = config.get("scale")
    if scale not in SCALES:
        raise SettingsError(
            f"Settings cannot be used:\n  scale is {scale!r}, but has to be one of "
            f"{', '.join(SCALES)}{_nearest(str(scale), SCALES)}\n"
            "Say for instance: snakemake --cores all --config scale=demo"
        )
    for file in files:
        own = _read(file).get("scale", scale)
        if own != scale:
            raise SettingsError(
                f"Settings cannot be used:\n  {file} holds the scale {own}, but the command line "
                f"asks for the scale {scale}.\nSay only one of the two: --config scale={own}, "
                f"or --config scale={scale} without this file."
            )
    return scale


def check_settings(
    config: Mapping[str, Any], *, files: Sequence[str | Path] = ()
) -> dict[str, Any]:
    """Every setting in its own type.

    Parameters
    ----------
    config : dict
        Settings as they were read. Snakemake's own key ``pathvars`` is left alone.
    files : sequence of path
        YAML files that they came from, the strongest last; only used to say where a faulty
        setting stands. What stands in none of them came from the command line.

    Returns
    -------
    dict
        The same settings; numbers that came as text are numbers.

    Raises
    ------
    SettingsError
        If anything cannot be used. All faults are listed, each with its key and place.
    """
    own = {key: value for key, value in config.items() if key != "pathvars"}
    faults = [
        f"  {_dotted(place)} ({_where(place, own, files)}) is no text that UTF-8 can write."
        for place in _unwritable(own)
    ]
    if faults:  # pydantic could not even name it
        raise SettingsError("\n".join(["Settings cannot be used:", *faults]))
    try:
        return Settings.model_validate(own).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        faults = [_message(fault, own, files) for fault in error.errors(include_url=False)]
    raise SettingsError("\n".join(["Settings cannot be used:", *faults]))


def json_schema() -> dict[str, Any]:
    """What config.yaml may hold, for editors that understand JSON schemas."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Settings.model_json_schema(),
    }


def write_schema(path: str | Path) -> None:
    """Write the JSON schema; `make format` does, after a change of the model."""
    Path(path).write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")


def _message(fault: Any, config: Mapping[str, Any], files: Sequence[str | Path]) -> str:
    """One line on one fault."""
    context = fault.get("ctx", {})
    # A contradiction is found by a block, which says which of its settings is to blame.
    location = fault["loc"]
    if location and location[-1] == "[key]" and fault["type"] != "extra_forbidden":
        location = location[:-1]  # pydantic's mark for a fault of the key itself
    place = _place((*location, *_split(context.get("key", ""))))
    key = _dotted(place)
    where = _where(place, config, files)
    if fault["type"] == "contradiction":
        return f"  {key} ({where}): {context['message']}."
    if fault["type"] == "extra_forbidden":
        valid = _valid_keys(place[:-1], config)
        return (
            f"  {key} ({where}) is not a setting{_nearest(str(place[-1]), valid)} "
            f"Valid here: {', '.join(valid)}."
        )
    if fault["type"] in {"missing", "union_tag_not_found"}:
        lacking = key if fault["type"] == "missing" else f"{key}.kind"
        return f"  {lacking} is missing; config.yaml shows where it belongs."
    if fault["type"] == "union_tag_invalid":
        kinds = context["expected_tags"].replace("'", "")
        near = _nearest(str(context["tag"]), kinds.split(", "))
        return f"  {key}.kind ({where}) is {context['tag']!r}{near} Valid: {kinds}."
    text = fault["msg"][0].lower() + fault["msg"][1:]
    value = fault["input"]
    near = "."
    if fault["type"] == "literal_error":
        near = _nearest(str(value), re.findall(r"'([^']*)'", context["expected"]))
    if fault["type"] == "model_type":
        text, near = (
            "a block of settings is needed.",
            f" It has: {', '.join(_valid_keys(place, config))}.",
        )
    return f"  {key} ({where}) is {_shown(value)}: {text}{near}"


def _shown(value: Any) -> str:
    """A value as Python writes it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out the digits
        return "a number of thousands of digits"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _dotted(place: Place) -> str:
    """A place as a person writes it; what would not be seen, as Python does."""
    words = map(str, place)
    return ".".join(word if _seen(word) else repr(word) for word in words)


def _seen(word: str) -> bool:
    """Whether a reader sees all of a word."""
    return word.isprintable() and bool(word) and word == word.strip()


def _unwritable(settings: Any) -> Iterator[Place]:
    """Places of keys and values with halves of letters, as bytes on the command line may give."""
    pending: list[tuple[Place, Any]] = [((), settings)]
    while pending:
        place, inside = pending.pop()
        if isinstance(inside, str) and re.search("[\ud800-\udfff]", inside):
            yield place
        if len(place) > _DEEPEST:  # a YAML file may hold a list in itself
            continue
        if isinstance(inside, Mapping):
            pending += [
                ((*place, key), each) for key, value in inside.items() for each in (key, value)
            ]
        elif isinstance(inside, list):
            pending += [((*place, number), value) for number, value in enumerate(inside)]


def _split(key: str) -> Place:
    return tuple(int(part) if part.isdigit() else part for part in key.split(".") if part)


def _nearest(word: str, valid: Iterable[str]) -> str:
    """The sentence's end: a question after the valid word that is most like the given one."""
    found = difflib.get_close_matches(word, list(valid), n=1, cutoff=0.5)
    return f"; did you mean {found[0]!r}?" if found else "."


def _place(location: Place) -> Place:
    """Where a fault is in the settings; pydantic puts the kind of a corpus behind its name."""
    if location[0] == "corpora":
        return (*location[:2], *location[3:])
    return location


def _valid_keys(place: Place, config: Mapping[str, Any]) -> list[str]:
    """Names of the settings that may stand in the block at a place."""
    models: list[type[BaseModel]] = [Settings]
    inside: Any = config
    annotation: Any = None
    for part in place:
        inside = _value_at(inside, (part,))  # a key that is no text is named by its text
        named = [model for model in models if isinstance(part, str) and part in model.model_fields]
        if named:
            annotation = named[0].model_fields[str(part)].annotation
        models = _models_in(annotation)
    kind = inside.get("kind") if isinstance(inside, Mapping) else None
    for model in models:
        field = model.model_fields.get("kind")
        if kind is None or field is None or kind in get_args(field.annotation):
            return sorted(model.model_fields)
    return []


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Every model that a type mentions, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]


def _where(place: Place, config: Mapping[str, Any], files: Sequence[str | Path]) -> str:
    """The file and line where a setting stands, or the command line."""
    value = _value_at(config, place)
    for file in reversed(files):
        found = _value_at(_read(file), place)
        same = found == value or (found != found and value != value)  # not a number
        if same and (line := _line_of(file, place)):
            return f"{Path(file).name}, line {line}"
    return "on the command line"


def _value_at(settings: Any, place: Place) -> Any:
    for part in place:
        try:
            settings = settings[part]
        except (KeyError, IndexError, TypeError):
            return None
    return settings


def _line_of(file: str | Path, place: Place) -> int | None:
    """Line (from 1) of the key at a place, None if the file does not have it."""
    node = yaml.compose(Path(file).read_text(encoding="utf-8"), Loader=_Loader)
    line = None
    for part in place:
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if part not in pairs:
                return None
            key, node = pairs[part]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                return None
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return None
    return line


def _read(file: str | Path) -> dict[str, Any]:
    """Content of a settings file; a file that is no such thing is an error with its line."""
    name = Path(file).name
    try:
        loader = _Loader(Path(file).read_text(encoding="utf-8"))
        node = loader.get_single_node()
        fault = _repeated_key(node) if node else "there is nothing in it"
        content = {} if fault else loader.construct_document(node)
    except UnicodeDecodeError as error:
        fault = f"byte {error.start} is not UTF-8; save the file as UTF-8"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        fault = f"line {mark.line + 1 if mark else 1}: {error.problem or error.context}"
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        fault = " ".join(str(error).split())
    if not fault and not isinstance(content, dict):
        fault = f"settings with names are needed, as in `seed: 0`, not {_shown(content)}"
    if fault:
        raise SettingsError(f"Settings cannot be used:\n  {name}, {fault}.")
    return content


def _repeated_key(node: yaml.Node) -> str:
    """Key and line of the first key that a block holds twice; empty if there is none."""
    pending, seen = [node], set()
    while pending:
        inside = pending.pop()
        if id(inside) in seen:  # an anchor that is used again
            continue
        seen.add(id(inside))
        if isinstance(inside, yaml.SequenceNode):
            pending += inside.value
        if not isinstance(inside, yaml.MappingNode):
            continue
        keys: set[str] = set()
        for key, value in inside.value:
            if isinstance(key, yaml.ScalarNode) and key.value in keys:
                return f"line {key.start_mark.line + 1}: {key.value} stands there a second time"
            keys.add(str(key.value))
            pending.append(value)
    return ""
