"""What an argument must be before anything is read or written: one wording of each rule, for every entry point.

What a whole record must hold, which is made of these, is in ``write_set/validation.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UnsetType

from podium_core.errors import InvalidArgumentError
from podium_core.models.message import PushMessage

MAX_ITEMS = 1_000
MAX_IDS = 10_000
MAX_ID_BYTES = 1_024
MAX_PRIORITY = 99
MAX_VERSION = 2**31 - 1
MAX_DURATION_MS = 100 * 366 * 24 * 60 * 60 * 1000

# text


def require_text(value: str | UnsetType | None, field: str) -> str:
    """The text, once it is known to be usable as an id or a name: not empty, no NUL, at most 1,024 bytes of UTF-8."""
    if not isinstance(value, str) or not value:
        raise InvalidArgumentError(field, "is required")
    if "\x00" in value:
        raise InvalidArgumentError(field, "must not contain NUL")
    if len(value) > MAX_ID_BYTES or _utf8_bytes(value, field) > MAX_ID_BYTES:
        raise InvalidArgumentError(field, f"is longer than {MAX_ID_BYTES} bytes")
    return value


def require_ids(ids: Sequence[str], field: str) -> None:
    """The ids of a multi-get: at most 10,000, each usable."""
    require_at_most(ids, MAX_IDS, field)
    for at, id_ in enumerate(ids):
        # ``require_text`` for each of 10,000 would cost more than reading them.
        if not (id_.isascii() and 0 < len(id_) <= MAX_ID_BYTES and "\x00" not in id_):
            require_text(id_, f"{field}[{at}]")


def _utf8_bytes(value: str, field: str) -> int:
    if value.isascii():
        return len(value)
    try:
        return len(value.encode())
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(field, "has a lone surrogate") from error


# numbers


def require_at_most(items: Sequence[Any], limit: int, field: str) -> None:
    """Refuse more than ``limit`` items."""
    if len(items) > limit:
        raise InvalidArgumentError(field, f"{len(items)} items are more than the limit of {limit}")


def require_not_negative(value: int, field: str) -> int:
    """The number, once it is known not to be negative."""
    if value < 0:
        raise InvalidArgumentError(field, "must not be negative")
    return value


def require_at_least(value: int, least: int, field: str) -> int:
    """The number, once it is known to be ``least`` or more."""
    if value < least:
        raise InvalidArgumentError(field, f"must be at least {least}, is {value}")
    return value


def require_count(count: int, field: str = "count", *, limit: int = MAX_ITEMS) -> int:
    """How many are asked for at once, once it is known to be from 1 to ``limit``."""
    return _require_between(count, 1, limit, field)


def require_priority(value: int, field: str) -> int:
    """The priority, once it is known to be 0-99."""
    return _require_between(value, 0, MAX_PRIORITY, field)


def require_version(version: int, field: str) -> int:
    """The version of a definition, once it is known to be a positive int32."""
    return _require_between(version, 1, MAX_VERSION, field)


def _require_between(value: int, least: int, most: int, field: str) -> int:
    if not least <= value <= most:
        raise InvalidArgumentError(field, f"must be {least}-{most}, is {value}")
    return value


# times


def require_duration(duration_ms: int, field: str) -> int:
    """How long from now, once it is known to be from 0 to a hundred years, so that no store's clock runs over."""
    require_not_negative(duration_ms, field)
    if duration_ms > MAX_DURATION_MS:
        raise InvalidArgumentError(field, "is more than a hundred years")
    return duration_ms


def require_lease(unack_timeout_ms: int, field: str) -> int:
    """The length of a lease that begins, once it is known to be a duration that isn't over at once."""
    return require_duration(require_at_least(unack_timeout_ms, 1, field), field)


# messages


def require_push(message: PushMessage, prefix: str = "", *, id_field: str = "message_id") -> None:
    """A message that can be pushed.

    Args:
        message: The message.
        prefix: What its fields are called below, as ``pushes[3].``.
        id_field: What its id is called.
    """
    require_text(message.id, prefix + id_field)
    require_priority(message.priority, f"{prefix}priority")
    require_duration(message.offset_ms, f"{prefix}offset_ms")
    if isinstance(message.payload, str):
        _utf8_bytes(message.payload, f"{prefix}payload")
