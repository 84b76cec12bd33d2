"""Names of queues and of task definitions may come without end: what counts them goes when it counts nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from msgspec import Raw

from podium_backends.sqlite.maintenance import maintain
from podium_backends.sqlite.queues import counts as queue_counts
from podium_core.models import PushMessage, Task
from tests.backends.sqlite.stores import SqliteParts, sqlite_parts

MANY = 1_200


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteParts]:
    async with sqlite_parts(tmp_path / "podium.db") as parts:
        yield parts


def names_in(store: SqliteParts, table: str, column: str) -> list[str]:
    sql = f"SELECT {column} FROM {table} ORDER BY 1"  # noqa: S608
    return [name for (name,) in store.database.read(lambda conn: conn.execute(sql).fetchall())]


def changes_of(store: SqliteParts, name: str) -> int:
    return store.database.read(partial(queue_counts.changes_of, queue_names=[name]))[name]


def limited(name: str) -> Task:
    definition = b'{"taskDefinition":{"concurrentExecLimit":1}}'
    return Task(task_id=f"of {name}", task_def_name=name, workflow_task=Raw(definition))


async def test_emptied_queues_go(store: SqliteParts) -> None:
    names = [f"q{number:04}" for number in range(MANY)]
    await asyncio.gather(*(store.queues.push(name, PushMessage(id="m")) for name in names))
    await store.queues.pop("q0003", count=1)
    emptied = [name for at, name in enumerate(names) if at % 400 != 3]
    assert all(await asyncio.gather(*(store.queues.remove(name, "m") for name in emptied)))
    await maintain(store.database)
    left = ["q0003", "q0403", "q0803"]
    assert names_in(store, "queues", "name") == left
    assert [
        (one.name, one.size, one.unacked) for one in await store.queues.queues_detail_verbose()
    ] == [
        ("q0003", 0, 1),
        ("q0403", 1, 0),
        ("q0803", 1, 0),
    ]


async def test_a_queue_that_comes_back_counts_again(store: SqliteParts) -> None:
    await store.queues.push("q", PushMessage(id="m1"))
    await store.queues.flush("q")
    await maintain(store.database)
    assert names_in(store, "queues", "name") == []
    await store.queues.push("q", PushMessage(id="m2"))
    assert await store.queues.get_size("q") == 1
    assert await store.queues.pop("q", count=1) == ["m2"]


async def test_another_process_sees_that_it_came_back(store: SqliteParts) -> None:
    await store.queues.push("q", PushMessage(id="m"))
    before = changes_of(store, "q")
    await store.queues.flush("q")
    await maintain(store.database)
    await store.queues.push("q", PushMessage(id="m"))
    assert changes_of(store, "q") > before


async def test_so_do_limits_without_places(store: SqliteParts) -> None:
    for name in ("a", "b"):
        assert not await store.limits.exceeds_limit(limited(name))
    await store.limits.remove_task_from_limit(limited("a"))
    await maintain(store.database)
    assert names_in(store, "limit_counts", "definition_name") == ["b"]
    assert not await store.limits.exceeds_limit(limited("a"))
