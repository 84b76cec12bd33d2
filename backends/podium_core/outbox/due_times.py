"""When an entry is due; and payload deletions, which are delayed on purpose."""

from __future__ import annotations

from podium_core.outbox.entries import CLAIMED, KIND_PAYLOAD, LEFT_MS, EntryPut


def due_after(delay_ms: int, *, now_ms: int) -> int:
    """When something is due that waits so long; 0 for at once: a clock set back would delay the time itself."""
    return now_ms + delay_ms if delay_ms else 0


def payload_deletion(key: str, owner: str) -> EntryPut:
    """Delete a payload to which no document refers any more. Nothing cancels that."""
    return EntryPut(kind=KIND_PAYLOAD, id=key, owner=owner, body=CLAIMED)


def later_payload_deletion(key: str, owner: str, *, now_ms: int) -> EntryPut:
    """Delete a payload later. A document that refers to it by then cancels the deletion."""
    return EntryPut(
        kind=KIND_PAYLOAD, id=key, owner=owner, due_ms=due_after(LEFT_MS, now_ms=now_ms)
    )
