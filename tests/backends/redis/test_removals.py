"""What a removal goes by and takes along beside what Java writes, and what is to be deleted after an update."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
from msgspec import UNSET

from podium_backends.redis.connection import Link, Target
from podium_backends.redis.executions.dao import RedisExecutionDAO
from podium_backends.redis.executions.kept_removal import decode_removal
from podium_backends.redis.outbox.members import bucket_of_owner, member_of
from podium_core.decide.state import MARK_WORKFLOW
from podium_core.models import PayloadType
from podium_core.models.documents import WORKFLOW
from podium_core.outbox import KIND_PAYLOAD
from podium_core.payload_keys import new_key
from podium_core.removal import RemovalMachine
from podium_core.write_set import TaskRemoval, WriteSet, builders
from tests.backends.redis.golden_definitions import KEYS, Daos
from tests.clock import FakeClock
from tests.contract.records import make_task, make_workflow
from tests.services.redis_server import RedisServer

MINUTE_MS = 60_000


@pytest.fixture
async def link(own_redis: RedisServer) -> AsyncIterator[Link]:
    opened = Link(Target(store="main", url=own_redis.url))
    await opened.write("FLUSHALL")
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def dao(link: Link, clock: FakeClock) -> RedisExecutionDAO:
    return Daos.on(link, clock).executions


async def _correlate_as_java(link: Link, correlation_id: str) -> None:
    """A Java that doesn't know of the removal writes the document again, and puts it into a set."""
    stored = WORKFLOW.decode(await link.read("GET", KEYS.workflow("w1")), "w1")
    written = msgspec.structs.replace(stored, correlation_id=correlation_id)
    await link.write("SET", KEYS.workflow("w1"), WORKFLOW.encode(written))
    await link.write("SADD", KEYS.correlated_workflows(correlation_id), "w1")


async def _expire(dao: RedisExecutionDAO, *, ttl_ms: int = MINUTE_MS) -> None:
    await dao.apply(builders.remove_workflow("w1", require_terminal=False, ttl_ms=ttl_ms))


async def test_goes_by_the_document_rather_than_by_the_record(
    dao: RedisExecutionDAO, link: Link, clock: FakeClock
) -> None:
    await dao.create_workflow(make_workflow(correlation_id="c1"))
    await _expire(dao)
    await _correlate_as_java(link, "c2")
    clock.pass_by(MINUTE_MS)
    assert await RemovalMachine(dao).carry_out("w1")
    assert await link.read("EXISTS", KEYS.correlated_workflows("c2")) == 0


async def test_that_is_asked_for_again_goes_by_the_document_too(
    dao: RedisExecutionDAO, link: Link
) -> None:
    await dao.create_workflow(make_workflow(correlation_id="c1"))
    await _expire(dao)
    await _correlate_as_java(link, "c2")
    await _expire(dao, ttl_ms=2 * MINUTE_MS)
    assert await link.read("EXISTS", KEYS.correlated_workflows("c2")) == 0


async def test_an_update_of_a_workflow_that_expires_takes_it_out_of_sets_again(
    dao: RedisExecutionDAO, link: Link
) -> None:
    await dao.create_workflow(make_workflow(correlation_id="c1"))
    await _expire(dao)
    await link.write("SADD", KEYS.correlated_workflows("c1"), "w1")
    await dao.update_workflow(make_workflow(correlation_id="c1"))
    assert await link.read("EXISTS", KEYS.correlated_workflows("c1")) == 0


async def test_keeps_no_record_within_the_record(dao: RedisExecutionDAO, link: Link) -> None:
    await dao.create_workflow(make_workflow())
    for _ in range(2):
        await _expire(dao)
        _, kept = decode_removal(await link.read("GET", KEYS.removal("w1")), "w1")
        assert kept.facts.removal is None


async def test_takes_along_a_task_that_nobody_can_read(dao: RedisExecutionDAO, link: Link) -> None:
    await dao.create_workflow(make_workflow())
    await dao.create_tasks([make_task("t1"), make_task("t2")])
    await link.write("SET", KEYS.task("t1"), b"\xff")
    await dao.remove_workflow("w1")
    keys = (KEYS.task("t1"), KEYS.task("t2"), KEYS.tasks_of_workflow("w1"), KEYS.workflow("w1"))
    assert await link.read("EXISTS", *keys) == 0


async def test_of_a_task_without_a_type_touches_no_queue(
    dao: RedisExecutionDAO, link: Link
) -> None:
    await dao.create_workflow(make_workflow())
    nameless = msgspec.structs.replace(make_task("t1"), task_type=UNSET)
    await dao.update_task(nameless, upsert=True)
    removal = TaskRemoval(task_id="t1", remove_message=True)
    assert (await dao.apply(WriteSet(task_removals=(removal,)))).tasks_removed == (True,)
    assert await link.read("KEYS", "*QUEUE*") == []


async def test_that_archives_drops_the_mark_of_an_earlier_write(
    dao: RedisExecutionDAO, link: Link
) -> None:
    """The index gets the archive instead, which a mark would write over."""
    created = builders.create_workflow(make_workflow(), now_ms=1)
    await dao.apply(msgspec.structs.replace(created, mark_index=True))
    marks, _, _ = KEYS.outbox(MARK_WORKFLOW, bucket_of_owner("w1"))
    assert await link.read("ZSCORE", marks, member_of("w1", "w1")) is not None
    removal = builders.remove_workflow("w1", require_terminal=False, archive=True)
    await dao.apply(msgspec.structs.replace(removal, mark_index=True))
    assert await link.read("ZSCORE", marks, member_of("w1", "w1")) is None


async def test_a_payload_is_referred_to_by_the_workflow_or_one_of_its_tasks(
    dao: RedisExecutionDAO,
) -> None:
    of_workflow, of_task, of_none = (new_key(PayloadType.TASK_INPUT, "w1") for _ in range(3))
    await dao.create_workflow(make_workflow(external_input_payload_storage_path=of_workflow))
    await dao.create_tasks([make_task("t1", external_input_payload_storage_path=of_task)])
    found = [await dao.refers("w1", path) for path in (of_workflow, of_task, of_none)]
    assert found == [True, True, False]


@pytest.mark.parametrize("later_ms", [0, 1])
async def test_a_payload_that_an_update_leaves_is_deleted(
    dao: RedisExecutionDAO, link: Link, clock: FakeClock, later_ms: int
) -> None:
    """A millisecond later the stamp is as it is assumed, and only the payload tells that something has changed."""
    of_workflow, of_task = (new_key(PayloadType.TASK_INPUT, "w1") for _ in range(2))
    created = make_workflow(create_time=1, external_input_payload_storage_path=of_workflow)
    await dao.create_workflow(created)
    await dao.create_tasks([make_task("t1", external_input_payload_storage_path=of_task)])
    clock.pass_by(later_ms)
    await dao.update_workflow(make_workflow(create_time=1))
    await dao.update_task(make_task("t1"))
    _, _, entries = KEYS.outbox(KIND_PAYLOAD, bucket_of_owner("w1"))
    for path in (of_workflow, of_task):
        assert await link.read("HEXISTS", entries, member_of(path, "w1"))
