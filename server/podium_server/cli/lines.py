"""How the commands print: a line at a time, each of which stays one, whatever a server or a store put into it."""

from __future__ import annotations

import sys

from podium_server.printable import printable


def print_line(line: str) -> None:
    """A line of the result."""
    sys.stdout.write(f"{printable(line)}\n")
    sys.stdout.flush()


def note_line(line: str) -> None:
    """A line about how it goes, on stderr."""
    sys.stderr.write(f"{printable(line)}\n")
    sys.stderr.flush()
