"""Entries of the outbox: what was marked beside a document and has still to reach its target.

An entry is written in the atomic step of the write that needs it, and deleted once its target has confirmed it and its
token is unchanged. Leases on buckets only spare double work; correctness rests on the token.
"""

from __future__ import annotations

import msgspec

from podium_core.write_set.write_set import PushOp

BUCKETS = 16
LEASE_MS = 10_000

KIND_REMOVAL = "removal"  # id: a workflow whose removal mark has a due time
KIND_PUSH = "push"  # id: queue name and message id; body: the PushOp
KIND_ACK = "ack"  # the same id; body: the AckOp
KIND_REMOVE = "remove"  # the same id; body: the RemoveOp
KIND_UNQUEUE = "unqueue"  # the same id, for a message that a removal takes along
KIND_PAYLOAD = "payload"  # id: a key of the payload store, to be deleted; body: CLAIMED once that can't be lifted any more
CLAIMED = b"claimed"
# The writer of an ack or a removal carries it out itself, and knows what came of it; the drainer only if it doesn't.
WRITER_FIRST_MS = 2_000
# Longer than the delay before any other try.
MOMENT_MS = 60_000
# How long a payload stays to which an update or a removal no longer refers: whoever has read the document or the archive
# may still be about to read it, or to write a document that refers to it.
LEFT_MS = 60 * 60 * 1000


class OutboxEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that has to reach its target.

    Attributes:
        kind: Which target; entries of a kind that this server doesn't know are left for those who do.
        id: Unique within its kind: a newer write replaces the entry and gives it a fresh token.
        token: Grows with every write of the entry.
        due_ms: Not before this time, by the store's clock.
        attempts: How often it failed.
    """

    kind: str
    id: str
    token: int
    bucket: int
    due_ms: int = 0
    attempts: int = 0
    body: bytes = b""


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry to write, not beside a document: what came through IndexService, a mark of a repair, a payload's due mark.

    Of the kinds of the index, it is combined with the mark that waits there (``index.marks``).
    """

    kind: str
    id: str
    body: bytes = b""
    delay_ms: int = 0


class OutboxFailure(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that was set aside, and why."""

    kind: str
    id: str
    reason: str
    since_ms: int


class OutboxStats(msgspec.Struct, frozen=True, kw_only=True):
    """How far the targets are behind: entries that are due, the age of the oldest, entries set aside."""

    depth: int
    oldest_age_ms: int
    set_aside: int


class PushIntent(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a ``push`` entry. ``due_ms`` is when the message becomes ready, by the executions store's clock."""

    push: PushOp
    due_ms: int


class UnqueueIntent(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an ``unqueue`` entry."""

    queue_name: str
    message_id: str


def message_key(queue_name: str, message_id: str) -> str:
    """The entry id of a message: names hold no NUL."""
    return f"{queue_name}\x00{message_id}"
