"""Where each key of a TOML file stands: the standard library's parser tells values, not lines."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

KeyPath = tuple[str, ...]


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line of each key and table of a valid TOML text.

    Statement by statement the text is given to the parser again, so that what counts as a key or a string is the
    parser's word. A key inside an inline table has the line at which its statement starts.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, statement, parsed in _statements(text):
        if statement.lstrip().startswith("["):
            table = _deepest(parsed)
            lines.setdefault(table, number)
            continue
        for path in _paths(parsed):
            lines.setdefault(table + path, number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    pending: list[str] = []
    first = 1
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not pending:
            first = number
        pending.append(line)
        statement = "\n".join(pending)
        try:
            parsed = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # a string or an array goes on in the next line
        pending.clear()
        yield first, statement, parsed


def _deepest(parsed: dict[str, Any]) -> KeyPath:
    path: KeyPath = ()
    inner: Any = parsed
    while isinstance(inner, dict) and inner:
        name = next(iter(inner))
        path, inner = (*path, name), inner[name]
    return path


def _paths(parsed: dict[str, Any], above: KeyPath = ()) -> Iterator[KeyPath]:
    for name, value in parsed.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from _paths(value, (*above, name))
