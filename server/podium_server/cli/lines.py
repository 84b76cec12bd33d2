"""How the commands print: one line at a time. Text of a server or a store can't break a line."""

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
