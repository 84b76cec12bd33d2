"""Text as it is stored: one byte that isn't UTF-8 makes one value unreadable, not the statement that meets it.

Ids and names come through ``decode_text``; documents and payloads are read as bytes (``CAST(document AS BLOB)``), which
costs no decoding, and are checked one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from podium_core.errors import CorruptRecordError

T = TypeVar("T")


class UnreadableText(str):
    """Text that isn't UTF-8, with its bad bytes escaped; it finds nothing in the store."""

    __slots__ = ()


def decode_text(stored: bytes) -> str:
    """The text of a column: the ``text_factory`` of every connection."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return UnreadableText(stored.decode(errors="backslashreplace"))


def is_readable(text: object) -> bool:
    """Whether a value that came from a column is what is stored."""
    return type(text) is not UnreadableText


def require_readable(id_: str, resource_type: str) -> None:
    """Refuse an id that isn't UTF-8.

    Raises:
        CorruptRecordError: The id can't be read.
    """
    if not is_readable(id_):
        raise CorruptRecordError(resource_type, str(id_), "its id isn't UTF-8")


def scan_rows(rows: Iterable[T], limit: int, key_of: Callable[[T], Iterable[Any]]) -> Iterator[T]:
    """At least ``limit`` of the rows, on to the first whose key is readable: the next scan begins after that key."""
    for count, row in enumerate(rows, start=1):
        yield row
        if count >= limit and all(map(is_readable, key_of(row))):
            return
