"""The queue against a model of it in plain Python, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec import UNSET

from podium_core.backend import Capability, DataType, StoreContext
from podium_core.models import Guarantee, Message, PushMessage, QueueDetail
from podium_core.queues import TableQueueDAO
from podium_core.write_set import PushOp
from tests.backends.queue_tables import KINDS, Opened, opener
from tests.clock import FakeClock

T = TypeVar("T")

QUEUES = ("a", "b")
IDS = ("m1", "m2", "m3", "m4", "m5")

queues = st.sampled_from(QUEUES)
ids = st.sampled_from(IDS)
priorities = st.sampled_from((0, 0, 1, 99))
offsets = st.sampled_from((0, 0, 10, 50))
payloads = st.sampled_from((None, "", "p", "q" * 2_000))
leases = st.sampled_from((1, 20, 60))
receipts = st.integers(min_value=0, max_value=10)


@dataclass
class Held:
    """A message of the model."""

    payload: str | None
    priority: int
    due_ms: int
    arrived: int
    deliveries: int = 0
    receipt: str = ""


class Model:
    """What the contract says of a queue, without thought for speed."""

    capabilities: ClassVar = frozenset({Capability.LEASE_COUNTS})

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.queues: dict[str, dict[str, Held]] = {name: {} for name in QUEUES}
        self.arrivals = 0

    def is_ready(self, held: Held) -> bool:
        return held.due_ms <= self.clock.now_ms

    def is_unacked(self, held: Held) -> bool:
        return bool(held.receipt) and not self.is_ready(held)

    def push(self, queue: str, id_: str, payload: str | None, priority: int, offset: int) -> None:
        held = self.queues[queue].get(id_)
        self.arrivals += held is None
        arrived = self.arrivals if held is None else held.arrived
        due_ms = self.due_ms(priority, offset)
        self.queues[queue][id_] = Held(payload, priority, due_ms, arrived)

    def in_order(self, queue: str) -> list[str]:
        ready = [(id_, held) for id_, held in self.queues[queue].items() if self.is_ready(held)]
        ready.sort(key=lambda item: (self.rank(item[1]), item[1].due_ms, self.tie(*item)))
        return [id_ for id_, _ in ready]

    def delayed(self, queue: str) -> list[str]:
        found = [
            (id_, held)
            for id_, held in self.queues[queue].items()
            if not self.is_ready(held) and not held.receipt
        ]
        found.sort(key=lambda item: (item[1].due_ms, self.rank(item[1]), self.tie(*item)))
        return [id_ for id_, _ in found]

    def tie(self, id_: str, held: Held) -> tuple[str, int]:
        return "", held.arrived

    def rank(self, held: Held) -> int:
        return -held.priority

    def due_ms(self, priority: int, offset: int) -> int:
        return self.clock.now_ms + offset

    def held_under(self, queue: str, id_: str, receipt: str) -> Held | None:
        held = self.queues[queue].get(id_)
        if held is None or not self.is_unacked(held) or receipt not in ("", held.receipt):
            return None
        return held

    def detail(self, queue: str) -> QueueDetail:
        messages = self.queues[queue].values()
        unacked = sum(self.is_unacked(held) for held in messages)
        if Capability.LEASE_COUNTS not in self.capabilities:
            unacked = 0
        return QueueDetail(name=queue, size=len(messages) - unacked, unacked=unacked)


class PodiumModel(Model):
    """On Redis: of messages due at once the one with the lower id comes first."""

    def tie(self, id_: str, held: Held) -> tuple[str, int]:
        return id_, 0


class ConductorModel(PodiumModel):
    """In the order of due times; a message with a priority and no delay is due at its priority; none counts as leased."""

    capabilities: ClassVar = frozenset[Capability]()

    def due_ms(self, priority: int, offset: int) -> int:
        return priority if priority and not offset else super().due_ms(priority, offset)

    def rank(self, held: Held) -> int:
        return 0


MODELS = {"sqlite": Model, "redis-podium": PodiumModel, "redis-conductor": ConductorModel}


class QueueMachine(RuleBasedStateMachine):
    """Does the same to the store and to the model, and compares every answer."""

    def __init__(self, opened: Opened, model: type[Model]) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.exits = AsyncExitStack()
        self.clock = FakeClock()
        self.model = model(self.clock)
        self.delivered: list[Message] = []
        self.table = self.run(self.exits.enter_async_context(opened(self.clock)))
        context = StoreContext(
            name="main", serves=frozenset(DataType), commit_guarantee=Guarantee.ATOMIC
        )
        self.dao = TableQueueDAO(self.table, context)
        self.exits.push_async_callback(self.dao.close)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        self.run(self.exits.aclose())
        self.runner.close()

    def receipt(self, at: int) -> str:
        """One that was given out, stale or not; none; or one that never was."""
        if at < len(self.delivered):
            return self.delivered[-1 - at].receipt
        return "" if at % 2 else "0"

    @rule(ms=st.sampled_from((1, 10, 30, 100)))
    def time_passes(self, ms: int) -> None:
        self.clock.pass_by(ms)

    @rule(queue=queues, id_=ids, payload=payloads, priority=priorities, offset=offsets)
    def push(self, queue: str, id_: str, payload: str | None, priority: int, offset: int) -> None:
        self.run(self.dao.push(queue, message(id_, payload, priority, offset)))
        self.model.push(queue, id_, payload, priority, offset)

    @rule(queue=queues, id_=ids, payload=payloads, priority=priorities, offset=offsets)
    def push_if_not_exists(
        self, queue: str, id_: str, payload: str | None, priority: int, offset: int
    ) -> None:
        pushed = self.run(
            self.dao.push_if_not_exists(queue, message(id_, payload, priority, offset))
        )
        assert pushed == (id_ not in self.model.queues[queue])
        if pushed:
            self.model.push(queue, id_, payload, priority, offset)

    @rule(queue=queues, id_=ids, priority=priorities, offset=offsets)
    def postpone(self, queue: str, id_: str, priority: int, offset: int) -> None:
        held = self.model.queues[queue].get(id_)
        assert self.run(self.dao.postpone(queue, id_, priority=priority, offset_ms=offset))
        self.model.push(queue, id_, held.payload if held else None, priority, offset)

    @rule(queue=queues, id_=ids, priority=priorities, offset=offsets, at=receipts)
    def postpone_held(self, queue: str, id_: str, priority: int, offset: int, at: int) -> None:
        receipt = self.receipt(at)
        postponed = self.run(
            self.dao.postpone(queue, id_, priority=priority, offset_ms=offset, receipt=receipt)
        )
        stored = self.model.queues[queue].get(id_)
        held = self.model.held_under(queue, id_, receipt) if receipt else stored
        assert postponed == (held is not None or not receipt)
        if postponed:
            self.model.push(queue, id_, held.payload if held else None, priority, offset)

    @rule(queue=queues, count=st.integers(1, 4), lease=leases)
    def poll(self, queue: str, count: int, lease: int) -> None:
        messages = self.run(self.dao.poll_messages(queue, count=count, unack_timeout_ms=lease))
        assert [found.id for found in messages] == self.model.in_order(queue)[:count]
        for found in messages:
            held = self.model.queues[queue][found.id]
            held.deliveries += 1
            held.due_ms = self.clock.now_ms + lease
            assert found.receipt not in {old.receipt for old in self.delivered}
            held.receipt = found.receipt
            payload = None if found.payload is UNSET else found.payload
            assert (payload, found.priority) == (held.payload, held.priority)
            assert found.delivery_count == held.deliveries
        self.delivered += messages

    @rule(queue=queues, id_=ids, at=receipts)
    def ack(self, queue: str, id_: str, at: int) -> None:
        receipt = self.receipt(at)
        held = self.model.held_under(queue, id_, receipt)
        assert self.run(self.dao.ack(queue, id_, receipt=receipt)) == (held is not None)
        if held is not None:
            del self.model.queues[queue][id_]

    @precondition(lambda self: self.delivered)
    @rule(at=receipts, queue=queues)
    def ack_what_was_delivered(self, at: int, queue: str) -> None:
        found = self.delivered[-1 - at % len(self.delivered)]
        held = self.model.held_under(queue, found.id, found.receipt)
        assert self.run(self.dao.ack(queue, found.id, receipt=found.receipt)) == (held is not None)
        if held is not None:
            del self.model.queues[queue][found.id]

    @rule(
        queue=queues,
        id_=ids,
        timeout=st.sampled_from((0, 5, 40)),
        at=receipts,
        shorter=st.booleans(),
    )
    def set_unack_timeout(self, queue: str, id_: str, timeout: int, at: int, shorter: bool) -> None:
        receipt = self.receipt(at)
        held = self.model.held_under(queue, id_, receipt)
        due_ms = self.clock.now_ms + timeout
        if held is not None and shorter and held.due_ms <= due_ms:
            held = None
        change = self.dao.set_unack_timeout_if_shorter if shorter else self.dao.set_unack_timeout
        assert self.run(change(queue, id_, timeout, receipt=receipt)) == (held is not None)
        if held is not None:
            held.due_ms = due_ms
            held.receipt = held.receipt if timeout else ""

    @precondition(lambda self: self.delivered)
    @rule(at=receipts, queue=queues)
    def give_back(self, at: int, queue: str) -> None:
        found = self.delivered[-1 - at % len(self.delivered)]
        self.run(self.dao.give_back(queue, [found]))
        held = self.model.queues[queue].get(found.id)
        if held is not None and held.receipt == found.receipt:
            held.receipt = ""
            held.due_ms = min(held.due_ms, self.clock.now_ms)
            held.deliveries -= 1

    @rule(queue=queues, id_=ids)
    def remove(self, queue: str, id_: str) -> None:
        there = self.model.queues[queue].pop(id_, None)
        assert self.run(self.dao.remove(queue, id_)) == (there is not None)

    @rule(queue=queues, id_=ids)
    def reset_offset_time(self, queue: str, id_: str) -> None:
        held = self.model.queues[queue].get(id_)
        movable = held is not None and not self.model.is_unacked(held)
        assert self.run(self.dao.reset_offset_time(queue, id_)) == movable
        if held is not None and movable:
            held.due_ms = min(held.due_ms, self.clock.now_ms)

    @rule(queue=queues)
    def process_unacks(self, queue: str) -> None:
        lapsed = [
            held
            for held in self.model.queues[queue].values()
            if held.receipt and self.model.is_ready(held)
        ]
        assert self.run(self.dao.process_unacks(queue)) == len(lapsed)
        for held in lapsed:
            held.receipt = ""

    @rule(queue=queues, id_=ids, seen_before=st.booleans())
    def a_push_intent_is_delivered_twice(self, queue: str, id_: str, seen_before: bool) -> None:
        there = self.run(self.table.tokens_of([(queue, id_)]))[0]
        token = there - 1 if seen_before and there else max(there, self.clock.now_ms * 1_000) + 1
        push = PushOp(queue_name=queue, message_id=id_, payload="intent")
        for _ in range(2):
            self.run(self.table.deliver(push, token))
        if token > there:
            self.model.push(queue, id_, "intent", 0, 0)

    @rule(queue=queues)
    def flush(self, queue: str) -> None:
        assert self.run(self.dao.flush(queue)) == len(self.model.queues[queue])
        self.model.queues[queue].clear()

    @rule(queue=queues, count=st.integers(1, 6))
    def peek(self, queue: str, count: int) -> None:
        wanted = [*self.model.in_order(queue), *self.model.delayed(queue)]
        assert self.run(self.dao.peek_first_ids(queue, count)) == wanted[:count]

    @invariant()
    def counts_agree(self) -> None:
        details = [self.model.detail(name) for name in QUEUES if self.model.queues[name]]
        assert self.run(self.dao.queues_detail_verbose()) == details
        for name in QUEUES:
            assert self.run(self.dao.get_size(name)) == self.model.detail(name).size

    @invariant()
    def contents_agree(self) -> None:
        for name in QUEUES:
            for id_ in IDS:
                there = self.run(self.dao.contains_message(name, id_))
                assert there == (id_ in self.model.queues[name])


def message(id_: str, payload: str | None, priority: int, offset: int) -> PushMessage:
    return PushMessage(
        id=id_,
        payload=UNSET if payload is None else payload,
        priority=priority,
        offset_ms=offset,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_queue_does_what_the_model_says(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    numbers = itertools.count()

    def machine() -> QueueMachine:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return QueueMachine(opener(kind, request, folder), MODELS[kind])

    steps = settings(max_examples=60, stateful_step_count=60, deadline=None)
    run_state_machine_as_test(machine, settings=steps)  # type: ignore[arg-type]  # any factory does
