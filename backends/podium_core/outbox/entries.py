"""Entries of the outbox: work that was written with a document and has still to reach its target.

An entry is written in the atomic step of the write that needs it, and deleted once its target has confirmed it and its
token is unchanged. Leases on buckets only spare double work; correctness rests on the token.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

KIND_REMOVAL = "removal"  # id: a workflow whose removal record has a due time
KIND_PUSH = "push"  # id: queue name and message id; body: a PushIntent
KIND_ACK = "ack"  # the same id; body: the AckOp
KIND_REMOVE = "remove"  # the same id; body: the RemoveOp
KIND_UNQUEUE = "unqueue"  # the same id, for a message that a removal takes along
KIND_PAYLOAD = (
    "payload"  # id: a key of the payload store, to be deleted; body: CLAIMED once that is final
)
CLAIMED = b"claimed"
# The writer of some entries carries them out itself; the drainer only if it doesn't.
WRITER_FIRST_MS = 2_000
# How long a payload stays after an update or a removal stops referring to it. A caller that read the document or the archive
# before may still read the payload, or write a document that refers to it.
LEFT_MS = 60 * 60 * 1000

# A store's own name for a part of its outbox.
Bucket = str | int


class OutboxEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that has to reach its target.

    Attributes:
        kind: Which target; entries of a kind that this server doesn't know are left for those who do.
        id: Unique within its kind: a newer write replaces the entry and gives it a fresh token.
        owner: The workflow that the entry belongs to; of an entry that belongs to none, its own id. Empty where the store
            doesn't keep it, since it finds its documents by their ids alone.
        token: Grows with every write of the entry.
        since_ms: When it was first written, by the store's clock; an estimate where the store keeps no more than the token.
        due_ms: Not before this time, by the store's clock.
        attempts: How often it failed.
    """

    kind: str
    id: str
    owner: str
    token: int
    since_ms: int = 0
    due_ms: int = 0
    attempts: int = 0
    body: bytes = b""


# Bytes of bodies that one read of due entries returns.
DUE_SIZE = 16 * 1024 * 1024


class DueEntries(msgspec.Struct, frozen=True):
    """Entries that are due, oldest first, and the store's clock when they were read, in milliseconds."""

    entries: Sequence[OutboxEntry]
    now_ms: int


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry to write without a document: a change through IndexService, a mark of a repair, a payload deletion.

    Of the kinds of the index, it is combined with the mark that waits there (``index.merging``). ``owner`` as of
    ``OutboxEntry``; it is due ``delay_ms`` after it was written.
    """

    kind: str
    id: str
    owner: str
    body: bytes = b""
    delay_ms: int = 0


class EntryPut(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An entry as a store has to write it, in place of one of its kind and id.

    The fresh entry has a fresh token, no attempts, and isn't set aside; ``since_ms`` stays that of the one it replaces.

    Attributes:
        due_ms: 0 for now, not the time itself: a clock set back would delay it.
        if_absent: Leave the entry that is there as it is.
    """

    kind: str
    id: str
    owner: str
    due_ms: int = 0
    body: bytes = b""
    if_absent: bool = False

    def as_entry(self, *, token: int, since_ms: int) -> OutboxEntry:
        """The entry as it stands once it was written under this token."""
        return OutboxEntry(
            kind=self.kind,
            id=self.id,
            owner=self.owner,
            token=token,
            since_ms=since_ms,
            due_ms=self.due_ms,
            body=self.body,
        )


class EntryDrop(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An entry to delete, with any token."""

    kind: str
    id: str
    owner: str


EntryChange = EntryPut | EntryDrop


class OutboxFailure(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that was set aside, and why."""

    kind: str
    id: str
    reason: str
    since_ms: int


class OutboxStats(msgspec.Struct, frozen=True, kw_only=True):
    """How much the targets have still to receive: entries that are due, the age of the oldest, entries set aside.

    ``depth`` and ``oldest_age_ms`` may be estimates, but are 0 only where nothing is due.
    """

    depth: int
    oldest_age_ms: int
    set_aside: int


def message_key(queue_name: str, message_id: str) -> str:
    """The entry id of a message: names hold no NUL."""
    return f"{queue_name}\x00{message_id}"


def removal_entry(workflow_id: str, token: int) -> OutboxEntry:
    """The entry of a removal record, by what identifies it."""
    return OutboxEntry(kind=KIND_REMOVAL, id=workflow_id, owner=workflow_id, token=token)
