"""What a queue's arguments must be, before the store is asked; and what its counts say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from podium_core.backend import QueueDefaults
from podium_core.errors import InvalidArgumentError, ResultTooLargeError
from podium_core.models import PushMessage, QueueDetail
from podium_core.ports.queue_table import Ask, QueueCounts
from podium_core.queues import TableQueueDAO
from tests.core.queues.memory_table import MemoryTable, queues_on

HUNDRED_YEARS_MS = 100 * 366 * 24 * 60 * 60 * 1000
MESSAGE = PushMessage(id="m")
Call = Callable[[TableQueueDAO], Awaitable[object]]

BY_QUEUE: dict[str, Callable[[TableQueueDAO, str], Awaitable[object]]] = {
    "push": lambda dao, name: dao.push(name, MESSAGE),
    "push_messages": lambda dao, name: dao.push_messages(name, [MESSAGE]),
    "push_if_not_exists": lambda dao, name: dao.push_if_not_exists(name, MESSAGE),
    "postpone": lambda dao, name: dao.postpone(name, "m"),
    "pop": lambda dao, name: dao.pop(name, count=1),
    "poll_messages": lambda dao, name: dao.poll_messages(name, count=1),
    "ack": lambda dao, name: dao.ack(name, "m"),
    "ack_messages": lambda dao, name: dao.ack_messages(name, [("m", "")]),
    "set_unack_timeout": lambda dao, name: dao.set_unack_timeout(name, "m", 1),
    "set_unack_timeout_if_shorter": lambda dao, name: dao.set_unack_timeout_if_shorter(
        name, "m", 1
    ),
    "remove": lambda dao, name: dao.remove(name, "m"),
    "flush": lambda dao, name: dao.flush(name),
    "process_unacks": lambda dao, name: dao.process_unacks(name),
    "reset_offset_time": lambda dao, name: dao.reset_offset_time(name, "m"),
    "get_size": lambda dao, name: dao.get_size(name),
    "contains_message": lambda dao, name: dao.contains_message(name, "m"),
    "peek_first_ids": lambda dao, name: dao.peek_first_ids(name, 1),
}

BY_ID: dict[str, Callable[[TableQueueDAO, str], Awaitable[object]]] = {
    "push": lambda dao, id_: dao.push("q", PushMessage(id=id_)),
    "push_if_not_exists": lambda dao, id_: dao.push_if_not_exists("q", PushMessage(id=id_)),
    "postpone": lambda dao, id_: dao.postpone("q", id_),
    "ack": lambda dao, id_: dao.ack("q", id_),
    "set_unack_timeout": lambda dao, id_: dao.set_unack_timeout("q", id_, 1),
    "set_unack_timeout_if_shorter": lambda dao, id_: dao.set_unack_timeout_if_shorter("q", id_, 1),
    "remove": lambda dao, id_: dao.remove("q", id_),
    "reset_offset_time": lambda dao, id_: dao.reset_offset_time("q", id_),
    "contains_message": lambda dao, id_: dao.contains_message("q", id_),
}

REFUSED: dict[str, tuple[str, Call]] = {
    "a bad message among good ones": (
        "messages[1].id",
        lambda dao: dao.push_messages("q", [MESSAGE, PushMessage(id="")]),
    ),
    "too many messages": ("messages", lambda dao: dao.push_messages("q", [MESSAGE] * 1_001)),
    "a priority": ("priority", lambda dao: dao.postpone("q", "m", priority=100)),
    "an offset": (
        "offset_ms",
        lambda dao: dao.push("q", PushMessage(id="m", offset_ms=HUNDRED_YEARS_MS + 1)),
    ),
    "no count": ("count", lambda dao: dao.poll_messages("q", count=0)),
    "a large count": ("count", lambda dao: dao.pop("q", count=1_001)),
    "a negative wait": ("timeout_ms", lambda dao: dao.pop("q", count=1, timeout_ms=-1)),
    "a lease that is over at once": (
        "unack_timeout_ms",
        lambda dao: dao.poll_messages("q", count=1, unack_timeout_ms=0),
    ),
    "a lease of centuries": (
        "unack_timeout_ms",
        lambda dao: dao.poll_messages("q", count=1, unack_timeout_ms=HUNDRED_YEARS_MS + 1),
    ),
    "too many acks": ("messages", lambda dao: dao.ack_messages("q", [("m", "")] * 1_001)),
    "a bad ack among good ones": (
        "messages[1].message_id",
        lambda dao: dao.ack_messages("q", [("m", ""), ("", "")]),
    ),
    "a negative lease": ("unack_timeout_ms", lambda dao: dao.set_unack_timeout("q", "m", -1)),
    "a negative shorter lease": (
        "unack_timeout_ms",
        lambda dao: dao.set_unack_timeout_if_shorter("q", "m", -1),
    ),
    "a peek at nothing": ("count", lambda dao: dao.peek_first_ids("q", 0)),
}


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def queues(table: MemoryTable) -> TableQueueDAO:
    return queues_on(table, queue_defaults=QueueDefaults(by_queue={"slow": 7}))


async def refuse(table: MemoryTable, call: Awaitable[object], field: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await call
    assert caught.value.field == field
    assert (table.called, table.trips) == ([], [])


class TestArguments:
    @pytest.mark.parametrize("method", BY_QUEUE)
    @pytest.mark.parametrize("name", ["", "a\x00b", "x" * 1_025])
    async def test_a_queue_has_a_name(
        self, table: MemoryTable, queues: TableQueueDAO, method: str, name: str
    ) -> None:
        await refuse(table, BY_QUEUE[method](queues, name), "queue_name")

    @pytest.mark.parametrize("method", BY_ID)
    async def test_a_message_has_an_id(
        self, table: MemoryTable, queues: TableQueueDAO, method: str
    ) -> None:
        await refuse(table, BY_ID[method](queues, ""), "message_id")

    @pytest.mark.parametrize("case", REFUSED)
    async def test_is_refused(self, table: MemoryTable, queues: TableQueueDAO, case: str) -> None:
        field, call = REFUSED[case]
        await refuse(table, call(queues), field)

    async def test_a_list_of_none_asks_no_store(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        await queues.push_messages("q", [])
        assert await queues.ack_messages("q", []) == []
        await queues.give_back("q", [])
        assert table.called == []


class TestLeases:
    @pytest.mark.parametrize(
        ("queue", "asked", "lease_ms"), [("q", None, 60_000), ("slow", None, 7), ("slow", 9, 9)]
    )
    async def test_last_as_long_as_asked_or_as_the_queue_says(
        self,
        table: MemoryTable,
        queues: TableQueueDAO,
        queue: str,
        asked: int | None,
        lease_ms: int,
    ) -> None:
        await queues.poll_messages(queue, count=3, unack_timeout_ms=asked)
        assert table.trips == [[Ask(3, lease_ms)]]


class TestCounts:
    async def test_a_lapsed_lease_is_ready(self, table: MemoryTable, queues: TableQueueDAO) -> None:
        table.pages = [[QueueCounts("q", total=10, leased=4, lapsed=1)]]
        assert await queues.get_size("q") == 7
        assert await queues.queues_detail_verbose() == [QueueDetail(name="q", size=7, unacked=3)]

    async def test_every_queue_with_messages_is_listed_by_name(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        table.pages = [
            [QueueCounts("b", 1, 0, 0), QueueCounts("emptied", 0, 0, 0)],
            [QueueCounts("a", 2, 2, 0)],
        ]
        assert list((await queues.queues_detail()).items()) == [("a", 0), ("b", 1)]

    async def test_more_names_than_an_answer_holds(self, table: MemoryTable) -> None:
        queues = queues_on(table, max_answer_bytes=100)
        table.pages = [[QueueCounts("x" * 60 + str(n), 1, 0, 0)] for n in range(2)]
        with pytest.raises(ResultTooLargeError):
            await queues.queues_detail()
