"""What a queue call must hold."""

from __future__ import annotations

from collections.abc import Sequence

from podium_backends.sqlite.queue_statements import Push
from podium_core.errors import InvalidArgumentError
from podium_core.models import PushMessage
from podium_core.write_set.validation import (
    MAX_ITEMS,
    require_at_most,
    require_not_negative,
    require_priority,
    require_text,
)


def require_push(message: PushMessage, prefix: str = "", id_field: str = "message_id") -> Push:
    """The message, once it is known to be one that can be pushed."""
    return Push(
        message_id=require_text(message.id, prefix + id_field),
        payload=_require_payload(message.payload, f"{prefix}payload"),
        priority=require_priority(message.priority, f"{prefix}priority"),
        offset_ms=require_not_negative(message.offset_ms, f"{prefix}offset_ms"),
    )


def require_pushes(messages: Sequence[PushMessage]) -> list[Push]:
    """At most 1,000 messages that can be pushed."""
    require_at_most(messages, MAX_ITEMS, "messages")
    return [require_push(message, f"messages[{at}].", "id") for at, message in enumerate(messages)]


def require_count(count: int) -> int:
    """How many messages may be asked for at once: 1 to 1,000."""
    if not 1 <= count <= MAX_ITEMS:
        raise InvalidArgumentError("count", f"must be 1-{MAX_ITEMS}, is {count}")
    return count


def require_lease(unack_timeout_ms: int) -> int:
    """The length of a lease that begins: it can't be over at once."""
    if unack_timeout_ms < 1:
        raise InvalidArgumentError("unack_timeout_ms", "must be more than 0")
    return unack_timeout_ms


def _require_payload(payload: object, field: str) -> str | None:
    if not isinstance(payload, str):
        return None
    if not payload.isascii():
        try:
            payload.encode()
        except UnicodeEncodeError as error:
            raise InvalidArgumentError(field, "has a lone surrogate") from error
    return payload
