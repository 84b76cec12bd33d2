"""Documents of the members of sets: in one trip where they are few and small, and the same ones where they aren't."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from podium_backends.redis.connection import Link, Target
from podium_backends.redis.connection.pipe import Argument
from podium_backends.redis.executions import member_documents
from podium_backends.redis.executions.documents import (
    TRIP_BYTES,
    documents_within,
    each_document,
)
from podium_backends.redis.executions.member_documents import documents_of_members
from podium_backends.redis.executions.missing_members import MissingMembers
from podium_backends.redis.executions.store_clock import StoreClock
from podium_core.errors import CorruptRecordError
from tests.backends.redis.stores import end_keys, new_prefix, settings_at
from tests.backends.redis.trips import counted_trips

IDS = [f"t{number:02}" for number in range(30)]
# More than one, and in no order that a set could have by chance.
BOTH = ["t03", "t17", "t21", "t29", "tü"]


class Sets:
    """A set of all ids, one that shares some of them, and their documents."""

    def __init__(self, link: Link, prefix: str) -> None:
        self.link = link
        self.prefix = prefix
        self.all = f"{prefix}.all"
        self.some = f"{prefix}.some"

    def key(self, id_: str) -> str:
        return f"{self.prefix}.document.{id_}"

    async def fill(self) -> None:
        await self.link.write("SADD", self.all, *IDS, "tü", "t-without", b"\xff")
        await self.link.write("SADD", self.some, *BOTH, "of-another", "t-without", b"\xff")
        for id_ in (*IDS, "tü", "of-another"):
            await self.link.write("SET", self.key(id_), f"text of {id_}")

    async def read(self, *sets: str, after: str = "") -> list[str]:
        found = []
        missing = MissingMembers(self.link, StoreClock())
        pairs = documents_of_members(self.link, sets, self.key, missing, after=after)
        async for id_, document in pairs:
            assert document == f"text of {id_}".encode()
            found.append(id_)
        return found


class SizedLink(Link):
    """Notes how many bytes of documents each reply brings."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.sizes: list[int] = []

    async def read(self, *command: Argument) -> Any:
        reply = await super().read(*command)
        self.sizes.append(sum(len(document or b"") for document in reply))
        return reply


@pytest.fixture
async def sets(redis_url: str) -> AsyncIterator[Sets]:
    settings = settings_at(redis_url, new_prefix())
    link = Link(settings.target("main"))
    sets = Sets(link, settings.workflow_prefix)
    await sets.fill()
    yield sets
    await link.close()
    end_keys(redis_url, settings.workflow_prefix)


FEW_IDS = ("MOST_IDS_OF_A_TRIP", 4)
FEW_BYTES = ("TRIP_BYTES", 10)


@pytest.fixture(params=[None, FEW_IDS, FEW_BYTES], ids=["one trip", "many ids", "many bytes"])
def is_one_trip(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the sets are few and small enough."""
    if request.param is not None:
        monkeypatch.setattr(member_documents, *request.param)
    return request.param is None


async def test_a_set(sets: Sets, is_one_trip: bool) -> None:
    with counted_trips() as trips:
        assert await sets.read(sets.all) == [*IDS, "tü"]
    assert (trips.count == 1) is is_one_trip


async def test_what_two_sets_share(sets: Sets, is_one_trip: bool) -> None:
    with counted_trips() as trips:
        assert await sets.read(sets.all, sets.some) == BOTH
        assert await sets.read(sets.some, sets.all) == BOTH
    assert (trips.count == 2) is is_one_trip


@pytest.mark.usefixtures("is_one_trip")
async def test_after_an_id(sets: Sets) -> None:
    assert await sets.read(sets.all, after="t27") == ["t28", "t29", "tü"]
    assert await sets.read(sets.all, sets.some, after="t17") == ["t21", "t29", "tü"]
    assert await sets.read(sets.all, after="t275") == ["t28", "t29", "tü"]
    assert await sets.read(sets.all, after="v") == []


@pytest.mark.usefixtures("is_one_trip")
async def test_a_set_that_is_not_there(sets: Sets) -> None:
    assert await sets.read(f"{sets.prefix}.none") == []
    assert await sets.read(sets.all, f"{sets.prefix}.none") == []


async def test_the_smaller_set_decides(sets: Sets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_documents, "MOST_IDS_OF_A_TRIP", 10)
    with counted_trips() as trips:
        assert await sets.read(sets.all, sets.some) == BOTH
        assert await sets.read(sets.some, sets.all) == BOTH
    assert trips.count == 2


async def test_another_type(sets: Sets) -> None:
    await sets.link.write("SET", f"{sets.prefix}.text", "text")
    for names in ([f"{sets.prefix}.text"], [sets.all, f"{sets.prefix}.text"]):
        with pytest.raises(CorruptRecordError):
            await sets.read(*names)


async def test_documents_end_where_the_bytes_are_reached(sets: Sets) -> None:
    """In order, and with no more than one slice above; the last one that is read may be above it alone."""
    keys = [sets.key(id_) for id_ in (*IDS, "none")]
    size = len("text of t00")
    assert await documents_within(sets.link, keys, 10_000) == [
        *(f"text of {id_}".encode() for id_ in IDS),
        None,
    ]
    assert len(await documents_within(sets.link, keys, 4 * size)) == 4
    assert len(await documents_within(sets.link, keys, 4 * size + 1)) == 5
    assert len(await documents_within(sets.link, keys, 10 * size)) == 10
    assert await documents_within(sets.link, keys, 0) == []


@pytest.mark.parametrize("size", [TRIP_BYTES // 20, TRIP_BYTES // 2, 100])
async def test_each_trip_of_a_stream_brings_about_as_much(sets: Sets, size: int) -> None:
    """Also the first one, which knows nothing of sizes."""
    documents = {f"d{number}": b"x" * size for number in range(60)}
    for id_, document in documents.items():
        await sets.link.write("SET", sets.key(id_), document)
    link = SizedLink(sets.link._target)
    found = {id_: document async for id_, document in each_document(link, [*documents], sets.key)}
    await link.close()
    assert found == documents
    assert max(link.sizes) <= TRIP_BYTES + 4 * size
    assert len(link.sizes) <= 1 + 60 * size // TRIP_BYTES + 1


async def test_a_stream_of_nothing_is_no_trip(sets: Sets) -> None:
    with counted_trips() as trips:
        async for id_, _ in each_document(sets.link, [""][:0], sets.key):
            raise AssertionError(id_)
    assert trips.count == 0
