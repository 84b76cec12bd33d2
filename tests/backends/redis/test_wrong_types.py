"""Each key that Podium knows, holding a value of another type: what needs it names it, and writes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from podium_backends.redis.connection import Link
from podium_core.backend import ConnectedStore
from podium_core.errors import CorruptRecordError
from tests.backends.redis.operations import OPERATIONS, QUEUE, fill, opened
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
