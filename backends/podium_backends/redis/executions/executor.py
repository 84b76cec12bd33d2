"""Runs the scripts of writes: checks first, then what a plan says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import msgspec

from podium_backends.redis.connection import Link, Script
from podium_backends.redis.executions.checks import Checks
from podium_backends.redis.executions.effect_settings import EffectSettings
from podium_backends.redis.executions.plan import Argument, Plan
from podium_backends.redis.executions.queue_plan import QueueIntents, QueuePlan, QueuesInSameRedis
from podium_backends.redis.executions.seen import QueueKeys
from podium_backends.redis.executions.store_clock import StoreClock
from podium_backends.redis.keys import Keys
from podium_backends.redis.script_files import clocked_script, queue_functions
from podium_core.clock import token_now

# How far Redis's clock may be from what was assumed: a write that was held up for longer is decided again.
MAX_CLOCK_ERROR_MS = 250

_PARTS = ("outbox/entries", "executions/outbox_parts", "executions/apply", "executions/effects")
_WITHOUT_QUEUES = clocked_script("executions/no_queues", *_PARTS)

_encode = msgspec.msgpack.Encoder().encode


@cache
def _with_queues(layout: str) -> Script:
    return clocked_script(*queue_functions(layout), "executions/with_queues", *_PARTS)


class Carried(NamedTuple):
    """A script has carried everything out.

    Attributes:
        token: Of the entries that it wrote to the outbox; 0 without any.
        flags: ``1`` or ``0`` for each answer.
    """

    token: int
    flags: str


class Executor:
    """The writes of one store."""

    def __init__(
        self,
        link: Link,
        keys: Keys,
        clock: StoreClock,
        settings: EffectSettings,
        own_queue_keys: QueueKeys | None,
        queue_layout: str,
    ) -> None:
        """Take what writes need.

        Args:
            link: The connection for calls.
            keys: The key names.
            clock: Redis's clock.
            settings: What the settings say of documents.
            own_queue_keys: The keys of a queue of the same store; None where queues are another one.
            queue_layout: The layout of that store's queues.
        """
        self.keys = keys
        self.clock = clock
        self.settings = settings
        self._link = link
        self._own_queue_keys = own_queue_keys
        self._with_queues = _with_queues(queue_layout)

    def queue_plan(self, plan: Plan, now_ms: int) -> QueuePlan:
        """Where queue operations go."""
        if self._own_queue_keys is None:
            return QueueIntents(plan, now_ms)
        return QueuesInSameRedis(self._own_queue_keys)

    def queue_keys(self, queue_name: str) -> Sequence[str]:
        """The keys of a queue that a receipt is of."""
        if self._own_queue_keys is None:
            raise ValueError("a receipt was asked for, and queues are another store")
        return self._own_queue_keys(queue_name)

    async def look(self, checks: Checks) -> None:
        """Fill in what is there."""
        arguments = (self.clock.argument(), _encode((checks.listed, 0, 0, None)))
        script = self._with_queues if checks.queue_keys else _WITHOUT_QUEUES
        begun = self.clock.begin()
        reply = await self._link.run_reading(script, checks.queue_keys, arguments)
        self.clock.observe(reply[0], begun)
        checks.fill(reply[1])

    async def carry_out(
        self,
        checks: Checks,
        plan: Plan,
        queues: QueuePlan,
        request: Sequence[Argument] | None = None,
        *,
        now_ms: int,
    ) -> Carried | None:
        """Check, and write everything in one step; None where a check failed: what is there is filled in.

        Args:
            checks: What has to hold.
            plan: What is written.
            queues: The queue operations.
            request: What is remembered of the request, as ``Writes``.
            now_ms: Redis's clock, as the plan goes by it.
        """
        writes = plan.writes()
        keys = list(checks.queue_keys)
        operations = queues.operations(keys)
        if operations:
            writes.queues = operations
            writes.push_token = str(token_now())
        writes.request = request
        message = _encode((checks.listed, now_ms, MAX_CLOCK_ERROR_MS, writes))
        begun = self.clock.begin()
        script = self._with_queues if keys else _WITHOUT_QUEUES
        reply = await self._link.run(script, keys, (self.clock.argument(), message))
        self.clock.observe(reply[0], begun)
        if reply[1] is not None:
            checks.fill(reply[1])
            return None
        return Carried(int(reply[2] or 0), reply[3].decode())
