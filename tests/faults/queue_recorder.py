"""Clients that do things with a queue at random, and write down what was called and what was answered."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Protocol

from podium_core.errors import BackendUnavailableError, OutcomeUnknownError
from podium_core.models import PushMessage
from podium_core.ports import QueueDAO
from tests.faults.queue_history import Kind, Op
from tests.patience import PATIENCE_SECONDS

QUEUE = "history"
CLIENTS = 12
PAUSE_SECONDS = 0.02


class HasQueues(Protocol):
    """A client of a server, or what else reaches queues."""

    @property
    def queues(self) -> QueueDAO: ...


class Recorder:
    """Does things at random, and writes down what was called and what was answered."""

    def __init__(self, seed: int, leases_ms: Sequence[int] = (150, 400, 2_000)) -> None:
        self.history: list[Op] = []
        self.ids: list[str] = []
        self.receipts: dict[str, str] = {}
        self._chance = random.Random(seed)
        self._leases_ms = leases_ms

    async def work(self, podium: HasQueues) -> None:
        """Go on until a call fails."""
        steps = [
            self._push,
            self._poll,
            self._poll,
            self._ack,
            self._ack,
            self._release,
            self._remove,
        ]
        weights = [6, 5, 3, 5, 3, 2, 1]
        while True:
            (step,) = self._chance.choices(steps, weights)
            await step(podium)

    async def _record(self, op: Op, call: Callable[[], Awaitable[bool | None]]) -> None:
        at = len(self.history)
        # What is never answered stays as it is written down here.
        self.history.append(replace(op, called=time.monotonic()))
        try:
            done = await call() is not False
        except BackendUnavailableError:
            self._answer(at, done=False)  # surely nothing was written
            raise
        self._answer(at, done=done)

    def _answer(self, at: int, *, done: bool) -> None:
        self.history[at] = replace(self.history[at], answered=time.monotonic(), done=done)

    async def _push(self, podium: HasQueues) -> None:
        id_ = f"m{len(self.ids)}"
        self.ids.append(id_)
        delay_ms = self._chance.choice([0, 0, 0, 50, 400])
        message = PushMessage(id=id_, offset_ms=delay_ms, priority=self._chance.randint(0, 99))
        once = self._chance.random() < 0.3

        async def call() -> bool | None:
            if once:
                pushed = await podium.queues.push_if_not_exists(QUEUE, message)
                assert pushed, "nobody else pushes this id"
            else:
                await podium.queues.push(QUEUE, message)
            return True

        await self._record(Op(Kind.PUSH, id_, 0, delay=delay_ms / 1000), call)

    async def _poll(self, podium: HasQueues) -> None:
        lease_ms = self._chance.choice(self._leases_ms)
        called = time.monotonic()
        messages = await podium.queues.poll_messages(
            QUEUE,
            count=self._chance.randint(1, 5),
            timeout_ms=self._chance.choice([0, 20]),
            unack_timeout_ms=lease_ms,
        )
        answered = time.monotonic()
        for message in messages:
            self.receipts[message.id] = message.receipt
            self.history.append(
                Op(Kind.DELIVERY, message.id, called, answered, lease=lease_ms / 1000)
            )

    def _held(self) -> tuple[str, str] | None:
        if not self.receipts:
            return None
        id_ = self._chance.choice(list(self.receipts))
        return id_, self.receipts[id_]

    async def _ack(self, podium: HasQueues) -> None:
        if held := self._held():
            id_, receipt = held
            self.receipts.pop(id_, None)
            await self._record(
                Op(Kind.ACK, id_, 0), lambda: podium.queues.ack(QUEUE, id_, receipt=receipt)
            )

    async def _release(self, podium: HasQueues) -> None:
        if held := self._held():
            id_, receipt = held
            await self._record(
                Op(Kind.RELEASE, id_, 0),
                lambda: podium.queues.set_unack_timeout(QUEUE, id_, 0, receipt=receipt),
            )

    async def _remove(self, podium: HasQueues) -> None:
        if self.ids:
            id_ = self._chance.choice(self.ids)
            await self._record(Op(Kind.REMOVE, id_, 0), lambda: podium.queues.remove(QUEUE, id_))

    async def deliver_the_rest(self, podium: HasQueues) -> set[str]:
        """Whatever is there is delivered in the end, once its lease has lapsed or its delay is over: these ids."""
        there = [await podium.queues.contains_message(QUEUE, id_) for id_ in self.ids]
        present = {id_ for id_, found in zip(self.ids, there, strict=True) if found}
        seen: set[str] = set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while seen < present:
                called = time.monotonic()
                messages = await podium.queues.poll_messages(
                    QUEUE, count=1_000, timeout_ms=1_000, unack_timeout_ms=600_000
                )
                answered = time.monotonic()
                seen |= {message.id for message in messages}
                self.history += [
                    Op(Kind.DELIVERY, message.id, called, answered, lease=600)
                    for message in messages
                ]
        assert seen == present
        return present

    async def worked(self, operations: int) -> None:
        """Return once so many operations more are written down."""
        wanted = len(self.history) + operations
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.history) < wanted:
                await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def at_work(podium: HasQueues, recorder: Recorder) -> AsyncIterator[None]:
    """Clients that work while the context lasts, whatever their calls come to."""

    async def work() -> None:
        while True:
            with suppress(BackendUnavailableError, OutcomeUnknownError):
                await recorder.work(podium)
            await asyncio.sleep(PAUSE_SECONDS)

    async with asyncio.TaskGroup() as clients:
        working = [clients.create_task(work()) for _ in range(CLIENTS)]
        yield
        for each in working:
            each.cancel()
