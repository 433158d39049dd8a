"""The command line as a whole."""

import importlib
import os
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


SAYING = """
import types, unrolled.cli as cli
say = types.SimpleNamespace(
    NAME="say", SUMMARY="Says.", EXAMPLE="", add_arguments=lambda parser: None,
    run=lambda arguments: print("gr\\xf6\\xdfe \\u03bb"),
)
cli.COMMANDS = (say,)
raise SystemExit(cli.main(["say"]))
"""


def say(**options):
    """A command that prints, run by itself."""
    return subprocess.run(
        [sys.executable, "-c", SAYING], stderr=subprocess.PIPE, check=False, **options
    )


@pytest.mark.faults("the machine")
def test_a_reader_that_has_gone_away_ends_a_command_without_a_word():
    """Whoever reads what a command says has gone away"""
    reads, writes = os.pipe()
    os.close(reads)
    done = say(stdout=writes)
    os.close(writes)
    assert done.stderr == b""


@pytest.mark.faults("the machine")
def test_a_command_without_any_output_ends_well():
    """A command has nowhere to print"""
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" >&-', sys.executable, SAYING], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.faults("the machine")
def test_a_terminal_without_utf_8_shows_what_it_can():
    """A command prints letters that the terminal does not have"""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = say(stdout=subprocess.PIPE, env={**os.environ, **plain})
    assert done.stdout == b"gr\\xf6\\xdfe \\u03bb\n"
    assert done.returncode == 0
