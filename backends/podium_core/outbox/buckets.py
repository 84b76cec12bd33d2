"""Buckets of an outbox: which entry is in which, and how servers share them. For stores that share by a digest of the id."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

BUCKETS = 16
LEASE_MS = 10_000


class BucketLease(NamedTuple):
    """Who drains a bucket, or is here to drain some, and until when by the store's clock."""

    owner: str
    until_ms: int

    def is_running(self, *, now_ms: int, lease_ms: int) -> bool:
        """Whether it holds. One that ends later than any that is given now was given before the clock was set back."""
        return now_ms < self.until_ms <= now_ms + lease_ms


class BucketShare(NamedTuple):
    """What an owner leases or renews, and what it gives up."""

    take: Sequence[int]
    give_up: Sequence[int]


def bucket_of(id_: str) -> int:
    """The bucket of an entry: the same in every process."""
    return zlib.crc32(id_.encode()) % BUCKETS


def fair_share(
    leases: Mapping[int, BucketLease],
    present: Iterable[BucketLease],
    owner: str,
    *,
    now_ms: int,
    lease_ms: int,
) -> BucketShare:
    """What an owner holds, up to a fair share among all owners; free buckets fill it up.

    Args:
        leases: By bucket.
        present: When each owner was last here: one that has come later and holds nothing yet counts, so that the others
            give it its share as they renew theirs.
        owner: Whose share is asked for.
        now_ms: The store's clock.
        lease_ms: How long a lease holds.
    """
    running = {
        bucket: lease.owner
        for bucket, lease in leases.items()
        if lease.is_running(now_ms=now_ms, lease_ms=lease_ms)
    }
    here = {one.owner for one in present if one.is_running(now_ms=now_ms, lease_ms=lease_ms)}
    held = [bucket for bucket in range(BUCKETS) if running.get(bucket) == owner]
    free = [bucket for bucket in range(BUCKETS) if bucket not in running]
    share = -(-BUCKETS // len({owner, *here, *running.values()}))
    take = held[:share] + free[: max(share - len(held), 0)]
    return BucketShare(take, held[share:])
