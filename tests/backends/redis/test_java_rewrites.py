"""Documents that Java wrote in place of Podium's, as like them as can be: facts of the old one are not believed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from podium_backends.redis.connection import Link, Target
from podium_backends.redis.executions.dao import RedisExecutionDAO
from podium_backends.redis.outbox.members import bucket_of_owner, member_of
from podium_core.errors import ConflictError
from podium_core.models import PayloadType, Task, TaskStatus
from podium_core.models.documents import TASK
from podium_core.outbox import KIND_PAYLOAD
from podium_core.payload_keys import new_key
from tests.backends.redis.golden_definitions import KEYS, Daos
from tests.clock import FakeClock
from tests.contract.records import make_task, make_workflow
from tests.services.redis_server import RedisServer

PATH = new_key(PayloadType.TASK_INPUT, "w1")


@pytest.fixture
async def link(own_redis: RedisServer) -> AsyncIterator[Link]:
    opened = Link(Target(store="main", url=own_redis.url))
    await opened.write("FLUSHALL")
    yield opened
    await opened.close()


@pytest.fixture
async def dao(link: Link) -> RedisExecutionDAO:
    """Some time after it has written a task: only what Java did keeps facts from holding."""
    clock = FakeClock()
    executions = Daos.on(link, clock).executions
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([make_task(worker_id="a")])
    clock.pass_by(1_000)
    return executions


async def _rewrite(link: Link, dao: RedisExecutionDAO, **changes: object) -> Task:
    stored = await dao.get_task("t1")
    assert stored is not None
    written = msgspec.structs.replace(stored, **changes)
    await link.write("SET", KEYS.task("t1"), TASK.encode(written))
    return written


async def _is_to_be_deleted(link: Link, path: str) -> bool:
    _, _, entries = KEYS.outbox(KIND_PAYLOAD, bucket_of_owner("w1"))
    return bool(await link.read("HEXISTS", entries, member_of(path, "w1")))


async def test_at_the_same_stamp_but_longer(link: Link, dao: RedisExecutionDAO) -> None:
    await _rewrite(link, dao, external_input_payload_storage_path=PATH)
    await dao.update_task(make_task(worker_id="b"))
    assert await _is_to_be_deleted(link, PATH)


async def test_at_another_stamp_of_the_same_length(link: Link, dao: RedisExecutionDAO) -> None:
    stored = await dao.get_task("t1")
    assert stored is not None
    assert isinstance(stored.update_time, int)
    shorter = await link.read("STRLEN", KEYS.task("t1"))
    before = stored.update_time - 1
    await _rewrite(link, dao, update_time=before, external_input_payload_storage_path=PATH)
    added = await link.read("STRLEN", KEYS.task("t1")) - shorter
    document = await link.read("GET", KEYS.task("t1"))
    # As long as Podium's: what Java adds it leaves out elsewhere.
    await link.write("SET", KEYS.task("t1"), _without_zeros(document, added))
    assert await link.read("STRLEN", KEYS.task("t1")) == shorter
    await dao.update_task(make_task(worker_id="b"))
    assert await _is_to_be_deleted(link, PATH)


def _without_zeros(document: bytes, size: int) -> bytes:
    """The document, so many bytes shorter after its stamp: without members that are 0, and spaces for the rest."""
    for member in (b'"startDelayInSeconds":0,', b'"retried":false,', b'"executed":false,',
                   b'"responseTimeoutSeconds":0,', b'"callbackAfterSeconds":0,',
                   b'"rateLimitPerFrequency":0,', b'"rateLimitFrequencyInSeconds":0,'):  # fmt: skip
        if size > 0 and member in document:
            document = document.replace(member, b"")
            size -= len(member)
    return document[:-1] + b" " * -size + document[-1:]


async def test_a_stamp_that_java_moved_on_fails_the_compare_and_set(
    link: Link, dao: RedisExecutionDAO
) -> None:
    stamp = (await _rewrite(link, dao)).update_time
    assert isinstance(stamp, int)
    await _rewrite(link, dao, update_time=stamp + 1)
    with pytest.raises(ConflictError):
        await dao.update_task(make_task(), expected_update_time=stamp)
    await dao.update_task(make_task(), expected_update_time=stamp + 1)


async def test_stamps_grow_by_their_numbers(link: Link, dao: RedisExecutionDAO) -> None:
    """Also where a text is longer, or shorter, than that of the time now."""
    for stamp in (9, 99_999_999_999_999):
        await _rewrite(link, dao, update_time=stamp)
        first = await dao.update_task(make_task(status=TaskStatus.SCHEDULED))
        second = await dao.update_task(make_task(status=TaskStatus.COMPLETED))
        assert stamp < first < second
