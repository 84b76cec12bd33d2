"""Messages that a scan has found, those apart that no consumer gets."""

from __future__ import annotations

from collections.abc import Iterable

from podium_backends.redis.queues.takes import SET_ASIDE_MS
from podium_core.ports import MessageScan


def message_scan(found: Iterable[tuple[bytes, bytes, bytes]], cursor: str | None) -> MessageScan:
    """The scan of messages: of each its queue, its id, and a time until which nobody gets it."""
    messages: list[tuple[str, str]] = []
    unreadable: list[tuple[str, str]] = []
    for name, id_, until_ms in found:
        try:
            message = name.decode(), id_.decode()
        except UnicodeDecodeError:
            escaped = name.decode(errors="backslashreplace"), id_.decode(errors="backslashreplace")
            unreadable.append(escaped)
            continue
        (unreadable if float(until_ms) >= SET_ASIDE_MS else messages).append(message)
    return MessageScan(messages, cursor, unreadable)
