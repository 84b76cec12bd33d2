"""Errors that keep a server from starting or a command from running: one line each, with what to do."""

from __future__ import annotations

EXIT_CODE = 2


class StartupError(Exception):
    """A start that can't succeed. Its text is all that is printed: ``podium: <text>``, without a traceback."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


def one_line(text: object) -> str:
    """The text with every run of white space, line ends among them, turned into one space."""
    return " ".join(str(text).split())
