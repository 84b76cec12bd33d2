"""Values of a JSON document as columns hold them, read as Elasticsearch's mapping types read them.

None for what a column can't hold: it stays in the document, and isn't found by.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from podium_core.index.dates import time_of_any_date
from podium_core.query.values import number as read_number, stretch

_INT64 = range(-(2**63), 2**63)
_CANONICAL_LENGTH = len("2023-11-14T22:13:20.123Z")


class UnindexableError(Exception):
    """The index can't take this document, now or later."""


def keyword(value: Any) -> str | None:
    """A keyword; numbers and booleans are their JSON text."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return msgspec.json.encode(value).decode()
    return None


def number(value: Any) -> int | None:
    """A number of 64 bits; a fraction is cut off."""
    found = read_number(value) if isinstance(value, str) else value
    if isinstance(found, float) and math.isfinite(found):
        found = int(found)
    if isinstance(found, int) and not isinstance(found, bool) and found in _INT64:
        return found
    return None


def boolean(value: Any) -> int | None:
    """A boolean as 0 or 1."""
    if value is True or value == "true":
        return 1
    if value is False or value in ("false", ""):
        return 0
    return None


def date(value: Any) -> int | None:
    """A time in milliseconds since the epoch: of ISO 8601 text, or of such a number."""
    if isinstance(value, str):
        # Almost all are of this form, which is read faster.
        time = time_of_any_date(value) if len(value) == _CANONICAL_LENGTH else None
        if time is None and (found := stretch(value)) is not None:
            time = found.first
        return time
    if isinstance(value, int) and not isinstance(value, bool) and value in _INT64:
        return value
    return None
