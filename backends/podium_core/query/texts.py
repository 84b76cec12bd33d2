"""What both languages ask of a query text, and how they look up the fields it names."""

from __future__ import annotations

from collections.abc import Mapping

from podium_core.query.errors import QueryError, nearest, text_in_quotes
from podium_core.query.fields import UNSEARCHABLE, Field

MAX_QUERY_BYTES = 64 * 1024
# Lucene refuses longer ones: it makes a state machine of them, with a state for each byte.
MAX_BOUND_BYTES = 1_000


def require_usable(text: str, path: str) -> None:
    """Refuse a text above 64 KiB, and what no store can take: NUL and halves of surrogate pairs."""
    if len(text) > MAX_QUERY_BYTES or _utf8_bytes(text, path) > MAX_QUERY_BYTES:
        raise QueryError(path, 0, f"it is longer than {MAX_QUERY_BYTES} bytes")
    nul = text.find("\x00")
    if nul >= 0:
        raise QueryError(path, nul, "it must not contain NUL")


def require_short(text: str, path: str, position: int) -> None:
    """Refuse a prefix, or a bound of a text, above 1,000 bytes."""
    if len(text.encode()) > MAX_BOUND_BYTES:
        reason = f"a prefix or bound is longer than {MAX_BOUND_BYTES} bytes"
        raise QueryError(path, position, reason)


def require_field(
    name: str, fields: Mapping[str, Field], path: str, position: int, *, advice: str = ""
) -> Field:
    """The field of this name, once it is known to be there; ``advice`` is what else may have been meant."""
    field = fields.get(name)
    if field is not None:
        return field
    if name in UNSEARCHABLE:
        raise QueryError(path, position, f"{name} can't be searched, it is only stored")
    reason = f"unknown field {text_in_quotes(name)}; {advice}{nearest(name, fields)}"
    raise QueryError(path, position, reason)


def _utf8_bytes(text: str, path: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise QueryError(path, error.start, "it has a lone surrogate") from error
