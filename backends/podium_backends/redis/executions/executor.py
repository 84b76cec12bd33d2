"""Runs the scripts of writes: checks first, then what a plan says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from podium_backends.redis.connection import Link
from podium_backends.redis.connection.pipe import Argument
from podium_backends.redis.executions.checks import Checks
from podium_backends.redis.executions.effect_settings import EffectSettings
from podium_backends.redis.executions.plan import Plan
from podium_backends.redis.executions.queue_plan import QueueIntents, QueuePlan, QueuesInSameRedis
from podium_backends.redis.executions.seen import QueueKeys
from podium_backends.redis.executions.store_clock import StoreClock
from podium_backends.redis.keys import Keys
from podium_backends.redis.script_files import clocked_script

# How far Redis's clock may be from what was assumed: a write that was held up for longer is decided again.
MAX_CLOCK_ERROR_MS = 250

_BEFORE = ("outbox/entries", "executions/looks", "executions/apply", "executions/carry_out")
_QUEUES = ("queues/queue", "queues/queue_changes", "executions/held_receipts")
_WITHOUT_QUEUES = clocked_script(
    "executions/no_queues", *_BEFORE, "executions/effects", "executions/finish"
)
_WITH_QUEUES = clocked_script(
    *_QUEUES, *_BEFORE, "executions/effects", "executions/queue_effects", "executions/finish"
)


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
    ) -> None:
        """Take what writes need.

        Args:
            link: The connection for calls.
            keys: The key names.
            clock: Redis's clock.
            settings: What the settings say of documents.
            own_queue_keys: The keys of a queue of the same store; None where queues are another one.
        """
        self.keys = keys
        self.clock = clock
        self.settings = settings
        self._link = link
        self._own_queue_keys = own_queue_keys

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
        arguments = (self.clock.argument(), 0, 0, 0, *checks.arguments())
        script = _WITH_QUEUES if checks.ask_queues else _WITHOUT_QUEUES
        begun = self.clock.begin()
        reply = await self._link.run_reading(script, checks.names.names, arguments)
        self.clock.observe(reply[0], begun)
        checks.fill(reply[1])

    async def carry_out(
        self,
        checks: Checks,
        plan: Plan,
        queues: QueuePlan,
        remembered: Sequence[Argument] = ("",),
        *,
        now_ms: int,
    ) -> Carried | None:
        """Check, and write everything in one step; None where a check failed: what is there is filled in.

        Args:
            checks: What has to hold.
            plan: What is written.
            queues: The queue operations.
            remembered: What ``finish.lua`` reads.
            now_ms: Redis's clock, as the plan goes by it.
        """
        names = checks.names
        operations = queues.arguments(names)
        with_queues = bool(operations) or checks.ask_queues
        arguments = (
            self.clock.argument(),
            now_ms,
            MAX_CLOCK_ERROR_MS,
            1,
            *checks.arguments(),
            *plan.arguments(names),
            *(operations or ((0, 0) if with_queues else ())),
            *remembered,
        )
        script = _WITH_QUEUES if with_queues else _WITHOUT_QUEUES
        begun = self.clock.begin()
        reply = await self._link.run(script, names.names, arguments)
        self.clock.observe(reply[0], begun)
        if reply[1] is not None:
            checks.fill(reply[1])
            return None
        return Carried(int(reply[2] or 0), reply[3].decode())
