"""The buckets of an outbox that this process drains."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Sequence

from podium_core.errors import StorageError
from podium_core.outbox import LEASE_MS, Bucket
from podium_core.ports import Outbox

RENEW_SECONDS = LEASE_MS / 1000 / 3


class Leases:
    """Leases on buckets, renewed as they are asked for. They spare double work; nothing rests on them."""

    def __init__(self, outbox: Outbox, owner: str = "") -> None:
        self._outbox = outbox
        self._owner = owner or uuid.uuid4().hex
        self._buckets: Sequence[Bucket] = ()
        self._renew_at = 0.0
        self._renewing = asyncio.Lock()

    async def buckets(self) -> Sequence[Bucket]:
        """The buckets that are ours now."""
        async with self._renewing:
            now = asyncio.get_running_loop().time()
            if now >= self._renew_at:
                self._buckets = await self._outbox.lease_buckets(self._owner)
                self._renew_at = now + RENEW_SECONDS
            return self._buckets

    async def release(self) -> None:
        """Give them back, so that another server needn't wait for them to lapse."""
        with contextlib.suppress(StorageError):  # they lapse by themselves
            await asyncio.shield(self._outbox.release_buckets(self._owner))
