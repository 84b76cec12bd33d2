"""The port through which what was marked beside a document leaves a store, and what receives it.

An entry is written in the atomic step of the write that needs it, and deleted once its target has confirmed it and its
token is unchanged. Leases on buckets only spare double work; correctness rests on the token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

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


class Outbox(Protocol):
    """What a store that serves executions offers to the drainer."""

    async def lease_buckets(self, owner: str, *, lease_ms: int = LEASE_MS) -> list[int]:
        """Renew this owner's buckets, take over lapsed ones up to a fair share, and say which are held."""
        ...

    async def release_buckets(self, owner: str) -> None:
        """Give the buckets back, so that another server needn't wait for the lease."""
        ...

    async def due(
        self, buckets: Sequence[int], kinds: Sequence[str], limit: int
    ) -> list[OutboxEntry]:
        """The entries that are due, oldest first."""
        ...

    async def next_due_ms(self, buckets: Sequence[int], kinds: Sequence[str]) -> int | None:
        """When the next entry is due, by the store's clock; None without any."""
        ...

    async def put(self, entries: Sequence[NewEntry]) -> list[OutboxEntry]:
        """Write entries in one step, each under a fresh token, and return them as they stand now."""
        ...

    async def waiting(self, kind: str, ids: Sequence[str]) -> frozenset[str]:
        """Those of the ids that have an entry, due or not, set aside or not."""
        ...

    async def done(self, entries: Sequence[OutboxEntry]) -> None:
        """Delete the entries whose token is unchanged."""
        ...

    async def raise_token(self, kind: str, id_: str, token: int, *, above: int) -> int | None:
        """Give an entry that still has this token a fresh one above ``above``, which its target has seen already.

        Returns:
            The fresh token; None where the entry is gone or was written anew.
        """
        ...

    async def claim(self, entry: OutboxEntry, *, delay_ms: int) -> bool:
        """Make the entry's body ``CLAIMED``, and due again only then, if its token is unchanged.

        From then on no write can lift it; says whether it was there.
        """
        ...

    async def retry(self, entry: OutboxEntry, *, delay_ms: int, reason: str) -> None:
        """Try an entry again later, if its token is unchanged."""
        ...

    async def set_aside(self, entry: OutboxEntry, *, reason: str) -> None:
        """Take a poison entry out of the way and keep it with its reason, if its token is unchanged."""
        ...

    async def failures(self, limit: int) -> list[OutboxFailure]:
        """What was set aside, oldest first."""
        ...

    async def try_again(self, limit: int) -> int:
        """Make what was set aside due again, oldest first, at most so many; how many there were."""
        ...

    async def stats(self) -> OutboxStats:
        """How far the targets are behind."""
        ...


class QueueTarget(Protocol):
    """What a queue store offers for executions that live elsewhere. A message keeps the token of its push."""

    async def deliver(self, push: PushOp, token: int) -> None:
        """Push, unless the message there came with a higher token; with ``if_absent`` unless one is there at all."""
        ...

    async def tokens_of(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        """For each (queue name, message id) the token of the message that is there; 0 without one."""
        ...

    async def remove_seen(self, messages: Sequence[tuple[str, str, int]]) -> list[bool]:
        """Remove each (queue name, message id, token) that still has this token, in one step."""
        ...

    async def remove_older(self, queue_name: str, message_id: str, token: int) -> bool:
        """Remove the message unless it was pushed under a higher token: after the record it belonged to had gone."""
        ...


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
