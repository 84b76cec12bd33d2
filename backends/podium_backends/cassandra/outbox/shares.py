"""Which server looks after which shards of the delayed entries: leases, so that not all do all of it."""

from __future__ import annotations

from collections.abc import Sequence

from podium_backends.cassandra.connection import Session, Write
from podium_core.clock import Clock
from podium_core.outbox import BucketLease, fair_share

_OWNERS, _BUCKETS = "owners", "buckets"

_READ = "SELECT id, owner, until_ms FROM leases WHERE name = ?"
_PUT = "INSERT INTO leases (name, id, owner, until_ms) VALUES (?, ?, ?, ?) USING TTL ?"
_DELETE = "DELETE FROM leases WHERE name = ? AND id = ?"
_KEPT_SECONDS = 3_600


class Shares:
    """Leases on shards. They spare double work, and nothing rests on them: so no write of them has a condition."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def lease(self, owner: str, *, lease_ms: int) -> Sequence[int]:
        """Renew an owner's shards, take over lapsed ones up to a fair share, and say which are held."""
        now_ms = self._clock()
        present = [BucketLease(row[1], row[2]) for row in await self._session.rows(_READ, _OWNERS)]
        leases = {
            int(id_): BucketLease(holder, until_ms)
            for id_, holder, until_ms in await self._session.rows(_READ, _BUCKETS)
        }
        share = fair_share(leases, present, owner, now_ms=now_ms, lease_ms=lease_ms)
        until = (owner, now_ms + lease_ms, _KEPT_SECONDS)
        writes = [Write(_PUT, (_OWNERS, owner, *until))]
        writes += [Write(_DELETE, (_BUCKETS, str(shard))) for shard in share.give_up]
        writes += [Write(_PUT, (_BUCKETS, str(shard), *until)) for shard in share.take]
        await self._session.write_all(writes)
        return list(share.take)

    async def release(self, owner: str) -> None:
        """Give the shards back."""
        writes = [Write(_DELETE, (_OWNERS, owner))]
        for id_, holder, _ in await self._session.rows(_READ, _BUCKETS):
            if holder == owner:
                writes.append(Write(_DELETE, (_BUCKETS, id_)))
        await self._session.write_all(writes)
