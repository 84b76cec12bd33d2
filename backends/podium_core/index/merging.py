"""How an entry is written that was asked for: beside the mark that waits there, and when it is due."""

from __future__ import annotations

from podium_core.index.marks import INDEX_KINDS, combined_mark, decode_mark, encode_mark
from podium_core.outbox import EntryPut, NewEntry, due_after

_COMBINED = frozenset(INDEX_KINDS)


def is_combined(kind: str) -> bool:
    """Whether a new entry of this kind depends on the body of the one that waits."""
    return kind in _COMBINED


def entry_put(entry: NewEntry, waiting: bytes | None, *, now_ms: int) -> EntryPut:
    """The entry as it is written.

    Args:
        entry: What was asked for.
        waiting: The body of the entry that waits there, of a kind that is combined; None: there is none.
        now_ms: The store's clock.
    """
    body = entry.body
    if waiting is not None and is_combined(entry.kind):
        body = encode_mark(combined_mark(decode_mark(waiting), decode_mark(body)))
    return EntryPut(
        kind=entry.kind,
        id=entry.id,
        owner=entry.owner,
        due_ms=due_after(entry.delay_ms, now_ms=now_ms),
        body=body,
    )
