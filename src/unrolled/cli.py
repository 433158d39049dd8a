"""The command line: ``unrolled <command> …``. Each command is a module of `unrolled.commands`."""

import argparse
import io
import os
import sys
import warnings
from collections.abc import Sequence

from unrolled import __version__
from unrolled.commands import audit, fixed_points, rebuild, verify

# A command has NAME, SUMMARY, EXAMPLE, add_arguments(parser) and run(arguments), which may return
# an exit status.
COMMANDS = (audit, rebuild, verify, fixed_points)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; what is wrong with its arguments or files is said in one message.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process if not given.

    Returns
    -------
    int
        Exit status: the command's own, else 0; 1 where it could not do its work.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # for a terminal that cannot show every letter
            stream.reconfigure(errors="backslashreplace")
    chosen = _parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = _note  # type: ignore[assignment]  # it takes whatever comes
        try:
            status = chosen.run(chosen) or 0
            print(end="", flush=True)  # where there is no output at all, this does nothing
            return status
        except BrokenPipeError:  # whoever reads has seen enough, as in: unrolled audit | head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except (ValueError, OSError) as error:
            print(f"unrolled {chosen.command}: {error}", file=sys.stderr)
            return 1


def _note(message: Warning | str, *_: object) -> None:
    """Say a warning without the line of code that raised it."""
    print(f"Note: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="unrolled", description="What do recurrent networks compute?"
    )
    parser.add_argument("--version", action="version", version=f"unrolled {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    for command in COMMANDS:
        entry = commands.add_parser(
            command.NAME,
            help=command.SUMMARY,
            description=command.SUMMARY,
            epilog=command.EXAMPLE,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(entry)
        entry.set_defaults(run=command.run)
    return parser
