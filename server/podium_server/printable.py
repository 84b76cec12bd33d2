"""Text from a store or a caller, made safe to print: it can neither steer a terminal nor forge a line of a log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def printable(text: str) -> str:
    r"""The text with an escape for each character that doesn't show, as Python writes it: ``\x1b``, ``\n``, ``\u202e``."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def printable_lines(text: str) -> str:
    """The same for several lines, each indented: none of them can be taken for a record of its own."""
    return "\n".join(f"  {printable(line)}" for line in text.split("\n") if line)


def printable_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record that goes to a terminal."""
    return {name: _printable_field(name, value) for name, value in fields.items()}


def _printable_field(name: str, value: Any) -> Any:
    if not isinstance(value, str) or name in _OF_OUR_OWN:
        return value
    return printable_lines(value) if name == _TRACEBACK else printable(value)


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


# Has several lines, and nothing of a caller's.
_OF_OUR_OWN = frozenset({"stack"})
# Has several lines, and quotes what the error says.
_TRACEBACK = "exception"
