"""Each key that Podium knows, holding a value of another type: what needs it names it, and writes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from podium_backends.redis.connection import Link
from podium_core.backend import ConnectedStore
from podium_core.errors import CorruptRecordError
from podium_core.models import TaskUpdate
from podium_core.write_set import builders
from tests.backends.redis.operations import (
    ON_EXECUTIONS,
    OPERATIONS,
    QUEUE,
    RUNNING,
    fill,
    fill_executions,
    opened,
    there,
)
from tests.backends.redis.stores import new_prefix, settings_at

DUE = f"PODIUM.DUE.{QUEUE}:0"
KEYS = {
    "TASK_DEFS",
    "WORKFLOW_DEF_NAMES",
    "WORKFLOW_DEF.order",
    "EVENT_HANDLERS",
    "EVENT_HANDLERS_BY_EVENT.done",
    "TASK_RATE_LIMIT_BUCKET.encode",
    "POLL_DATA.encode",
    "PODIUM.QUEUES",
    f"PODIUM.QUEUE.{QUEUE}",
    f"PODIUM.PAYLOADS.{QUEUE}",
    f"PODIUM.LEASES.{QUEUE}",
    DUE,
    "PODIUM.FORMAT",
}
# The store asks for the format once, when it is opened.
BROKEN = sorted(KEYS - {"PODIUM.FORMAT"})


class Filled:
    """Records of each kind below a prefix, and what is there."""

    def __init__(self, url: str) -> None:
        self.settings = settings_at(url, new_prefix())
        self.link = Link(self.settings.target("main"))
        self._below = f"{self.settings.workflow_prefix}.test."

    def name(self, key: str) -> str:
        return self._below + key

    async def keys(self) -> dict[str, bytes]:
        """Each key below the prefix, and its value as DUMP gives it."""
        names = await self.link.read("KEYS", f"{self._below}*")
        dumps = [await self.link.read("DUMP", name) for name in names]
        return {
            name.decode().removeprefix(self._below): dump
            for name, dump in zip(names, dumps, strict=True)
        }

    async def end(self) -> None:
        for key in await self.keys():
            await self.link.write("DEL", self.name(key))
        await self.link.close()


@pytest.fixture
async def filled(redis_url: str) -> AsyncIterator[Filled]:
    records = Filled(redis_url)
    yield records
    await records.end()


@pytest.fixture
async def store(filled: Filled) -> AsyncIterator[ConnectedStore]:
    async with opened(filled.settings) as connected:
        await fill(connected)
        yield connected


async def test_no_key_is_left_out(filled: Filled, store: ConnectedStore) -> None:
    assert (await filled.keys()).keys() == KEYS


@pytest.mark.parametrize("key", BROKEN)
async def test_what_needs_it_says_so(filled: Filled, store: ConnectedStore, key: str) -> None:
    await filled.link.write("DEL", filled.name(key))
    await filled.link.write("SET", filled.name(key), "text")
    # Operations on all queues give only the beginning of their keys; a set of due times has a priority at its end.
    beginning = key.removesuffix("0").removesuffix(":").removesuffix(QUEUE)
    errors = {}
    for name, operation in OPERATIONS.items():
        before = await filled.keys()
        try:
            await operation(store)
        except CorruptRecordError as error:
            errors[name] = str(error)
            assert await filled.keys() == before, name
    assert errors
    assert [name for name, said in errors.items() if filled.name(beginning) not in said] == []


# executions

OF_EXECUTIONS = {
    "WORKFLOW.w1",
    "TASK.t1",
    "TASK.t2",
    "WORKFLOW_TO_TASKS.w1",
    "SCHEDULED_TASKS.w1",
    "IN_PROGRESS_TASKS.encode",
    "TASKS_IN_PROGRESS_STATUS.encode",
    "TASK_LIMIT_BUCKET.encode",
    "PENDING_WORKFLOWS.order",
    "CORR_ID_TO_WORKFLOWS.c1",
    "EVENT_EXECUTION.handler.sqs:orders.m1",
    "PODIUM.FACTS.w1",
    "PODIUM.EVENT_ENDS.handler.sqs:orders.m1",
}


@pytest.fixture
async def executions(filled: Filled) -> AsyncIterator[ConnectedStore]:
    async with opened(filled.settings) as connected:
        await fill_executions(connected)
        yield connected


async def test_no_key_of_executions_is_left_out(filled: Filled, executions: ConnectedStore) -> None:
    keys = {key for key in await filled.keys() if not key.startswith("WORKFLOW_DEF_TO_")}
    assert keys - {"PODIUM.FORMAT"} == OF_EXECUTIONS


@pytest.mark.parametrize("key", sorted(OF_EXECUTIONS - {"TASK.t2"}))
async def test_what_needs_it_of_executions_says_so(
    filled: Filled, executions: ConnectedStore, key: str
) -> None:
    is_text = key.startswith(("WORKFLOW.", "TASK."))
    await filled.link.write("DEL", filled.name(key))
    await filled.link.write(*("SADD" if is_text else "SET", filled.name(key), "text"))
    errors = {}
    for name, operation in ON_EXECUTIONS.items():
        before = await filled.keys()
        try:
            await operation(executions)
        except CorruptRecordError as error:
            errors[name] = str(error)
            after = await filled.keys()
            if name == "remove workflow":
                # It goes step by step: the first has taken it out of the sets, the one that failed has written nothing.
                before, after = _documents_of(before), _documents_of(after)
            assert after == before, name
    assert errors
    assert [name for name, said in errors.items() if filled.name(key) not in said] == []


async def test_the_token_of_marks_comes_before_the_first_write(
    filled: Filled, executions: ConnectedStore
) -> None:
    marked = msgspec.structs.replace(
        builders.update_task(TaskUpdate(task=RUNNING), now_ms=1), mark_index=True
    )
    await filled.link.write("SADD", filled.name("PODIUM.TOKEN"), "text")
    before = await filled.keys()
    with pytest.raises(CorruptRecordError):
        await there(executions.executions).apply(marked)
    assert await filled.keys() == before


def _documents_of(keys: dict[str, bytes]) -> dict[str, bytes]:
    return {key: dump for key, dump in keys.items() if key.startswith(("WORKFLOW.", "TASK."))}
