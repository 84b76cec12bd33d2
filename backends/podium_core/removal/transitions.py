"""How a removal mark changes: pure functions from one mark to the next."""

from __future__ import annotations

from podium_core.removal.mark import ArchiveState, RemovalMark
from podium_core.write_set.write_set import WorkflowRemoval

# Later than any time that matters; sums of two still fit 64 bits.
MAX_TIME_MS = 2**53


def marked(
    before: RemovalMark | None, removal: WorkflowRemoval, *, mark_index: bool, now_ms: int
) -> RemovalMark:
    """The mark that a removal sets on a workflow that isn't being removed yet; it may be expiring."""
    return RemovalMark(
        due_ms=min(now_ms + removal.ttl_ms, MAX_TIME_MS) if removal.ttl_ms else 0,
        archive=ArchiveState.WANTED if removal.archive else ArchiveState.UNWANTED,
        take_messages=removal.take_messages,
        take_payloads=removal.take_payloads,
        mark_index=mark_index,
        expiry=before if removal.ttl_ms == 0 else None,
    )
