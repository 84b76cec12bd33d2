"""``apply`` on Redis, thin: a spike that proves the WriteSet, and stays as a test until the real adapter replaces it.

Keys and values are Conductor's (sections 1-3 of its layout), queues the stock server's (one zset for each, section 6).
Ours are the receipts, the remembered requests, the outbox. A WriteSet becomes a plan of guards and commands, and one
script carries it out. Only what cannot be planned without a stored document (expected times, removals, leaving pending
without a name) is read first: one MGET, compared in Python, and the script checks that those bytes are unchanged. Left
out: removing workflows, event executions.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from podium_core.errors import BackendUnavailableError, StorageError
from podium_core.write_set import ExpectedWorkflowTime, PutMode, WriteOutcome, WriteSet
from tests.spikes.failpoints import Failpoints
from tests.spikes.redis_plan import Keys, Stored, encoded, planned

SCRIPT = Path(__file__).with_name("redis_apply.lua").read_text(encoding="utf-8")
ATTEMPTS = 5


class Reply(Struct, frozen=True):
    """What the script answers and remembers."""

    workflow_times: list[tuple[str, int]]
    task_times: list[tuple[str, int]]
    created: list[str]
    left_out: list[str]
    acked: list[bool]
    removed: list[bool]
    gone: list[bool]


class RedisApply:
    """Implements ``ExecutionStore.apply``."""

    def __init__(self, redis: Redis, keys: Keys, failpoints: Failpoints | None = None) -> None:
        self._redis = redis
        self._keys = keys
        self._script = redis.register_script(SCRIPT)
        self._failpoints = failpoints or Failpoints()

    async def apply(self, write_set: WriteSet) -> WriteOutcome:
        """Carry out a WriteSet."""
        for _ in range(ATTEMPTS):
            stored = await self._read(write_set)
            if stored.first is not None:
                return outcome(write_set, stored.first, replayed=True)
            plan = planned(write_set, self._keys, stored)
            await self._failpoints.reached("before the script")
            packed = encoded(plan, write_set)
            said, value = await self._script(keys=list(plan.places), args=[packed, *plan.texts])
            await self._failpoints.reached("after the script")
            if said != b"refused":
                return outcome(write_set, value, replayed=said == b"replayed")
            refusal = plan.refusals[value - 1]
            if isinstance(refusal, WriteOutcome):
                return refusal
            if isinstance(refusal, StorageError):
                raise refusal
        raise BackendUnavailableError(
            "redis spike", "the documents changed each time between read and write"
        )

    async def _read(self, write_set: WriteSet) -> Stored:
        """One MGET, so one moment: a refusal that follows from it is true, and the request wasn't there then."""
        names = list(dict.fromkeys(self._read_first(write_set)))
        if not names:
            return Stored(None, {})
        request = self._keys.ours("REQUEST", write_set.request_id)
        first, *found = cast(list[bytes | None], await self._redis.mget([request, *names]))
        return Stored(first, dict(zip(names, found, strict=True)))

    def _read_first(self, write_set: WriteSet) -> Iterable[str]:
        for guard in write_set.guards:
            if isinstance(guard, ExpectedWorkflowTime):
                yield self._keys.data("WORKFLOW", guard.workflow_id)
        for put in write_set.task_puts:
            if put.expected_time is not None:
                yield self._keys.data("TASK", put.task_id)
        for removal in write_set.task_removals:
            yield self._keys.data("TASK", removal.task_id)
        for pending in write_set.pending_removals:
            if not pending.name:
                yield self._keys.data("WORKFLOW", pending.workflow_id)


def outcome(write_set: WriteSet, packed: bytes, *, replayed: bool) -> WriteOutcome:
    """The script's answer, this call's or the remembered one."""
    reply = msgspec.msgpack.decode(packed, type=Reply)
    creates = any(put.mode is PutMode.CREATE for put in write_set.workflow_puts)
    return WriteOutcome(
        workflow_created=True if creates else None,
        created_task_ids=tuple(reply.created),
        left_out_task_ids=tuple(reply.left_out),
        workflow_times=dict(reply.workflow_times),
        task_times=dict(reply.task_times),
        tasks_removed=tuple(reply.gone),
        acked=tuple(reply.acked),
        removed=tuple(reply.removed),
        replayed=replayed,
    )
