"""Buckets of an outbox: which entry is in which, and how servers share them. For stores that share by a digest of the id."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

BUCKETS = 16
LEASE_MS = 10_000


class BucketLease(NamedTuple):
    """Who drains a bucket, and until when by the store's clock."""

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
    leases: Mapping[int, BucketLease], owner: str, *, now_ms: int, lease_ms: int
) -> BucketShare:
    """What an owner holds, up to a fair share among all who hold any; free buckets fill it up."""
    running = {
        bucket: lease.owner
        for bucket, lease in leases.items()
        if lease.is_running(now_ms=now_ms, lease_ms=lease_ms)
    }
    held = [bucket for bucket in range(BUCKETS) if running.get(bucket) == owner]
    free = [bucket for bucket in range(BUCKETS) if bucket not in running]
    share = _share(running.values(), owner)
    take = held[:share] + free[: max(share - len(held), 0)]
    return BucketShare(take, held[share:])


def _share(owners: Collection[str], owner: str) -> int:
    return -(-BUCKETS // len({owner, *owners}))
