"""The transactional outbox: entries written beside documents, which a drainer carries to their targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from podium_core.outbox import (
    LEASE_MS,
    Bucket,
    DueEntries,
    NewEntry,
    OutboxEntry,
    OutboxFailure,
    OutboxStats,
)


class Outbox(Protocol):
    """What a store that serves executions offers to the drainer. Every time in it is of the store's own clock.

    Only the store knows what a bucket is: the drainer hands back what ``lease_buckets`` gave.
    """

    async def lease_buckets(self, owner: str, *, lease_ms: int = LEASE_MS) -> Sequence[Bucket]:
        """Renew this owner's buckets, take over lapsed ones up to a fair share, and say which are held."""
        ...

    async def release_buckets(self, owner: str) -> None:
        """Give the buckets back, so that another server needn't wait for the lease."""
        ...

    async def due_entries(
        self, buckets: Sequence[Bucket], kinds: Sequence[str], limit: int
    ) -> DueEntries:
        """The entries that are due, oldest first: at least one, no more once ``DUE_SIZE`` bytes of bodies are reached."""
        ...

    async def due_in_ms(self, buckets: Sequence[Bucket], kinds: Sequence[str]) -> int | None:
        """How long until the next entry is due, 0 for one that is due now; None without any."""
        ...

    async def put(self, entries: Sequence[NewEntry]) -> list[OutboxEntry]:
        """Write entries in one step, each under a fresh token, and return them as they stand now."""
        ...

    async def waiting_ids(self, kind: str, keys: Sequence[tuple[str, str]]) -> frozenset[str]:
        """Of these (id, owner) the ids that have an entry, due or not, set aside or not."""
        ...

    async def finish(self, entries: Sequence[OutboxEntry]) -> None:
        """Delete the entries whose token is unchanged."""
        ...

    async def raise_token(self, entry: OutboxEntry, *, above: int) -> int | None:
        """Give an entry whose token is unchanged a fresh one above ``above``, which its target has seen already.

        Returns:
            The fresh token; None where the entry is gone or was written again.
        """
        ...

    async def claim(self, entry: OutboxEntry, *, delay_ms: int) -> bool:
        """Make the entry's body ``CLAIMED``, and due again only then, if its token is unchanged.

        From then on no write can cancel it. Says whether the entry was there.
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
        """How much the targets have still to receive."""
        ...
