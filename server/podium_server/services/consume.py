"""The consuming of a queue over one stream: credit in, leased messages out, acks in, results out.

Three loops for each stream: one reads what the client says, one carries out its acks (in order, joined where they
follow each other), one delivers messages as long as there is credit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from podium.v1 import consume_pb2
from podium_core.errors import InvalidArgumentError
from podium_core.models import Message
from podium_core.ports import QueueStore
from podium_core.requirements import (
    MAX_ITEMS,
    require_at_least,
    require_lease,
    require_not_negative,
    require_text,
)
from podium_protocol import codec
from podium_server.interceptors.pipeline import Send
from podium_server.services.leasing import Leasing, fit_count
from podium_server.services.paging import CHUNK_BYTES
from podium_server.services.request_checks import optional

Request = consume_pb2.ConsumeRequest
Response = consume_pb2.ConsumeResponse
Action = Request.Ack | Request.Extend | Request.GiveBack

_BATCH = 100
_WAIT_MS = 30_000


class Consumption:
    """One stream of one consumer."""

    def __init__(
        self, open_: Request.Open, queues: QueueStore, leasing: Leasing, send: Send
    ) -> None:
        """Takes what opened the stream, the store, what leases from it, and the way to the client."""
        self._queue_name = require_text(open_.queue_name, "open.queue_name")
        asked = optional(open_, "unack_timeout_ms")
        lease_ms = queues.unack_timeout_ms(self._queue_name) if asked is None else asked
        self._unack_timeout_ms = require_lease(lease_ms, "open.unack_timeout_ms")
        self._queues = queues
        self._leasing = leasing
        self._send = send
        self._credit = 0
        self._granted = asyncio.Event()
        self._handing_over = False
        self._ended = False
        # Bounded: a client that sends acks faster than the store takes them is read no further.
        self._actions: asyncio.Queue[Action | None] = asyncio.Queue(MAX_ITEMS)
        self._grant(require_not_negative(open_.credit, "open.credit"))

    @classmethod
    async def open(
        cls, requests: AsyncIterator[Request], queues: QueueStore, leasing: Leasing, send: Send
    ) -> Consumption | None:
        """The consumption that the first message opens; None where the client says nothing at all.

        Raises:
            InvalidArgumentError: The first message is another one.
        """
        first = await anext(requests, None)
        if first is None:
            return None
        if first.WhichOneof("action") != "open":
            raise InvalidArgumentError("open", "the first message must open the stream")
        return cls(first.open, queues, leasing, send)

    async def run(self, requests: AsyncIterator[Request], draining: asyncio.Event) -> None:
        """Serve the stream until the client has closed its side, or the server drains.

        Raises:
            StorageError: The stream failed. Unacked messages stay leased however it ends.
        """
        try:
            async with asyncio.TaskGroup() as loops:
                delivering = loops.create_task(self._deliver())
                loops.create_task(self._carry_out())
                reading = loops.create_task(self._read(requests))
                drained = loops.create_task(draining.wait())
                await asyncio.wait((reading, drained), return_when=asyncio.FIRST_COMPLETED)
                reading.cancel()
                drained.cancel()
                self._ended = True
                if not self._handing_over:
                    delivering.cancel()
                # What is outstanding is still answered.
                await self._actions.put(None)
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _read(self, requests: AsyncIterator[Request]) -> None:
        async for request in requests:
            match request.WhichOneof("action"):
                case "grant":
                    self._grant(require_at_least(request.grant.credit, 1, "grant.credit"))
                case "ack":
                    await self._actions.put(_require_names(request.ack, "ack"))
                case "extend":
                    require_lease(request.extend.unack_timeout_ms, "extend.unack_timeout_ms")
                    await self._actions.put(_require_names(request.extend, "extend"))
                case "give_back":
                    await self._actions.put(_require_names(request.give_back, "give_back"))
                case "open":
                    raise InvalidArgumentError("open", "must come once: the stream is open already")
                case _:
                    raise InvalidArgumentError("action", "is required")

    def _grant(self, credit: int) -> None:
        self._credit = min(self._credit + credit, MAX_ITEMS)
        if self._credit:
            self._granted.set()

    async def _deliver(self) -> None:
        while not self._ended:
            await self._granted.wait()
            messages = await self._leasing.poll(
                self._queue_name,
                count=min(self._credit, _BATCH),
                timeout_ms=_WAIT_MS,
                unack_timeout_ms=self._unack_timeout_ms,
            )
            self._credit -= len(messages)
            if not self._credit:
                self._granted.clear()
            await self._hand_over(messages)

    async def _hand_over(self, messages: Sequence[Message]) -> None:
        handed = 0
        self._handing_over = True
        try:
            while handed < len(messages):
                batch = messages[handed : handed + fit_count(messages[handed:], CHUNK_BYTES)]
                handed += len(batch)
                event = Response.Messages(
                    messages=[codec.message_to_proto(message) for message in batch],
                    unack_timeout_ms=self._unack_timeout_ms,
                )
                await self._send(Response(messages=event))
        finally:
            self._handing_over = False
            # Messages of a batch that failed may have been sent: they stay leased. Those after it were not sent.
            self._leasing.give_back(self._queue_name, messages[handed:])

    async def _carry_out(self) -> None:
        done = False
        while not done:
            actions = [await self._actions.get()]
            while not self._actions.empty():
                actions.append(self._actions.get_nowait())
            done = actions[-1] is None
            await self._carry_out_all([action for action in actions if action is not None])

    async def _carry_out_all(self, actions: Sequence[Action]) -> None:
        at = 0
        while at < len(actions):
            acks = _leading_acks(actions[at:])
            if acks:
                pairs = [(ack.message_id, ack.receipt) for ack in acks]
                answers = await self._queues.ack_messages(self._queue_name, pairs)
            else:
                answers = [await self._set_lease(actions[at])]
            for action, answer in zip(actions[at:], answers, strict=False):
                result = Response.Result(
                    message_id=action.message_id, receipt=action.receipt, done=answer
                )
                await self._send(Response(result=result))
            at += len(answers)

    async def _set_lease(self, action: Action) -> bool:
        lease_ms = action.unack_timeout_ms if isinstance(action, Request.Extend) else 0
        return await self._queues.set_unack_timeout(
            self._queue_name, action.message_id, lease_ms, receipt=action.receipt
        )


def _leading_acks(actions: Sequence[Action]) -> list[Request.Ack]:
    acks = []
    for action in actions:
        if not isinstance(action, Request.Ack):
            break
        acks.append(action)
    return acks


def _require_names(action: Action, field: str) -> Action:
    require_text(action.message_id, f"{field}.message_id")
    require_text(action.receipt, f"{field}.receipt")
    return action
