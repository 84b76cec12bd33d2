"""Running a command so that every mistake is one line ``podium: …`` and exit code 2, without a traceback."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import typer

from podium_server.cli.commands import podium
from podium_server.cli.lines import note_line
from podium_server.cli.world import World
from podium_server.startup_errors import EXIT_CODE, StartupError, one_line

INTERRUPTED = 130


def run(arguments: Sequence[str], world: World | None = None) -> int:
    """Run a command; returns the exit code."""
    command = typer.main.get_command(podium)
    try:
        code = command.main(
            list(arguments), prog_name="podium", standalone_mode=False, obj=world or World()
        )
    except StartupError as error:
        return refuse(str(error))
    except typer.Abort:
        return INTERRUPTED
    except Exception as error:
        # Typer's exceptions for a mistake in the command line have no public name in every version.
        message = getattr(error, "format_message", None)
        return _refuse_defect(error) if message is None else _refuse_usage(error, message())
    return code if isinstance(code, int) else 0


def _refuse_defect(error: Exception) -> int:
    logging.getLogger("podium.cli").debug("internal error", exc_info=True)
    what = f"{type(error).__name__}: {error}".removesuffix(": ")
    return refuse(
        f"internal error, please report it: {what} (PODIUM_LOGGING__LEVEL=debug podium serve shows where)"
    )


def refuse(message: str) -> int:
    """Print the line; returns the exit code."""
    note_line(f"podium: {one_line(message)}")
    return EXIT_CODE


def _refuse_usage(error: Exception, message: str) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError" and context is not None:
        sys.stderr.write(f"{context.get_help()}\n")
        return EXIT_CODE
    hint = f" ({context.command_path} --help)" if context is not None else ""
    return refuse(f"{message}{hint}")
