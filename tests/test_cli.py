"""The command line as a whole."""

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from unrolled.cli import COMMANDS, main

ROOT = Path(__file__).parents[1]


def test_the_installed_command_is_this_function():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts["unrolled"].partition(":")
    assert getattr(importlib.import_module(module), function) is main


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.NAME)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command.NAME, "--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert command.SUMMARY in said
    assert f"unrolled {command.NAME}" in command.EXAMPLE


def test_without_a_command_the_commands_are_named(capsys):
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
    assert "command" in capsys.readouterr().err


def test_help_does_not_load_what_only_a_search_needs():
    program = (
        "import sys, unrolled.cli\n"
        "loaded = {'tensorflow', 'keras', 'scipy', 'matplotlib', 'xarray'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
