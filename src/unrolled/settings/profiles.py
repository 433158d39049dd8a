"""Profiles say where and how to run; what is computed stands in the settings alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from unrolled.settings.check import SettingsError

_OPTIONS = ("--profile", "--workflow-profile")
_SETTINGS = ("config", "configfile", "configfiles")


def refuse_settings_in_profiles(
    arguments: Sequence[str], environment: Mapping[str, str], *, root: str | Path = "."
) -> None:
    """Stop if a profile of this run sets what is computed.

    One ``--config`` on the command line replaces all that a profile says about settings: a
    profile with ``config: scale=paper`` would silently fall back to the demo scale.

    Parameters
    ----------
    arguments : sequence of str
        The command line.
    environment : mapping
        Where ``SNAKEMAKE_PROFILE`` may name a profile too.
    root : path
        Folder of the Snakefile, whose ``profiles/default`` is always used.

    Raises
    ------
    SettingsError
        Naming the profile, its key, and what to do instead.
    """
    for folder in (Path(root, "profiles", "default"), *_named(arguments, environment)):
        for file in (folder / "profile.yaml", folder / "config.yaml"):
            if not file.is_file():
                continue
            content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
            found = [key for key in _SETTINGS if key in content]
            if found:
                raise SettingsError(
                    f"Settings cannot be used:\n  {file} sets {found[0]}: {content[found[0]]!r}. A "
                    "profile holds resources only, for a --config on the command line would "
                    f"replace its settings unseen.\nTake {found[0]} out of it and say instead, "
                    f"for instance: snakemake --cores all --config scale=paper --profile {folder}"
                )
            break


def _named(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[Path]:
    """Folders of the profiles that the command line or the environment names."""
    for number, argument in enumerate(arguments):
        option, equals, value = argument.partition("=")
        if option in _OPTIONS and equals:
            yield Path(value)
        elif option in _OPTIONS and number + 1 < len(arguments):
            yield Path(arguments[number + 1])
    for name in environment.get("SNAKEMAKE_PROFILE", "").split(","):
        if name:
            yield Path(name)
