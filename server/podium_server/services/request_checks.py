"""What a request must hold before the facade is asked; what a record must hold is checked by the write's builder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from podium_core.errors import InvalidArgumentError, UnsupportedOperationError
from podium_core.write_set.validation import (
    MAX_ID_BYTES,
    MAX_IDS,
    MAX_ITEMS,
    require_at_most,
    require_not_negative,
    require_priority,
    require_text,
)

__all__ = [
    "MAX_IDS",
    "MAX_ITEMS",
    "expected_update_time",
    "optional_lease_ms",
    "refuse_payloads",
    "require_at_least",
    "require_at_most",
    "require_count",
    "require_duration",
    "require_ids",
    "require_lease_ms",
    "require_not_negative",
    "require_present",
    "require_priority",
    "require_text",
]

MAX_DURATION_MS = 100 * 366 * 24 * 60 * 60 * 1000


def require_present(request: Any, field: str) -> Any:
    """A message field of the request, once it is known to be there."""
    if not request.HasField(field):
        raise InvalidArgumentError(field, "is required")
    return getattr(request, field)


def require_count(count: int, limit: int = MAX_ITEMS, field: str = "count") -> int:
    """The count, once it is known to be from 1 to ``limit``."""
    if not 1 <= count <= limit:
        raise InvalidArgumentError(field, f"must be 1 to {limit}, is {count}")
    return count


def require_ids(ids: Iterable[str], field: str) -> list[str]:
    """The ids of a multi-get, once they are known to be few enough and usable."""
    found = list(ids)
    require_at_most(found, MAX_IDS, field)
    for at, id_ in enumerate(found):
        # ``require_text`` for each of 10,000 would cost more than reading them.
        if not id_ or len(id_) > MAX_ID_BYTES // 4 or "\x00" in id_:
            require_text(id_, f"{field}[{at}]")
    return found


class _Guarded(Protocol):
    """A request with an expected time."""

    expected_update_time: int

    def HasField(self, field_name: Any, /) -> bool: ...


def expected_update_time(request: _Guarded) -> int | None:
    """The expected time of a request, None where it has none."""
    return request.expected_update_time if request.HasField("expected_update_time") else None


def refuse_payloads(request: Any) -> None:
    """Refuse to put payloads back: answering ``{}`` in their place would be silently wrong.

    Raises:
        UnsupportedOperationError: The request asks for payloads.
    """
    if request.include_payloads:
        raise UnsupportedOperationError(
            "payloads",
            "include_payloads",
            "include_payloads is not served by this version: leave it out",
        )


def require_at_least(value: int, least: int, field: str) -> int:
    """The number, once it is known to be ``least`` or more."""
    if value < least:
        raise InvalidArgumentError(field, f"must be at least {least}, is {value}")
    return value


def require_duration(value: int, field: str, *, unit_ms: int = 1) -> int:
    """A time to wait, once it is known to be from 0 to a hundred years, so that no store's clock runs over."""
    require_not_negative(value, field)
    if value * unit_ms > MAX_DURATION_MS:
        raise InvalidArgumentError(field, "is more than a hundred years")
    return value


def require_lease_ms(value: int, field: str) -> int:
    """The length of a lease, once it is known to be more than 0."""
    return require_duration(require_at_least(value, 1, field), field)


def optional_lease_ms(request: Any, field: str) -> int | None:
    """``unack_timeout_ms`` of a request; None, the queue's own, where it has none."""
    if not request.HasField("unack_timeout_ms"):
        return None
    return require_lease_ms(request.unack_timeout_ms, field)
