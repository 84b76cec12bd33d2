"""What a Podium's writes leave on Redis that no answer tells: keys of its own, and sets that only Java reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest

from podium_backends.redis.connection import Link, Target
from podium_backends.redis.executions.dao import RedisExecutionDAO
from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.models import PayloadType, TaskStatus
from podium_core.payload_keys import new_key
from podium_core.removal import RemovalMachine
from podium_core.write_set import builders
from podium_core.write_set.refusals import UploadLostError
from podium_core.write_set.request_memory import REQUEST_MEMORY_MS
from tests.backends.redis.golden_definitions import KEYS, Daos
from tests.clock import FakeClock
from tests.contract.records import make_event_execution, make_task, make_workflow
from tests.services.redis_server import RedisServer


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


async def test_a_request_is_remembered_for_a_while(dao: RedisExecutionDAO, link: Link) -> None:
    write_set = builders.create_workflow(make_workflow(), now_ms=1)
    await dao.apply(msgspec.structs.replace(write_set, request_id="r1"))
    left_ms = await link.read("PTTL", KEYS.request("r1"))
    assert 0 < left_ms <= REQUEST_MEMORY_MS


async def test_facts_go_with_what_they_are_of(dao: RedisExecutionDAO, link: Link) -> None:
    await dao.create_workflow(make_workflow())
    await dao.create_tasks([make_task("t1"), make_task("t2")])
    assert set(await link.read("HKEYS", KEYS.facts("w1"))) == {b"", b"t1", b"t2"}
    assert await link.read("TTL", KEYS.facts("w1")) > 0
    await dao.remove_task("t1")
    assert set(await link.read("HKEYS", KEYS.facts("w1"))) == {b"", b"t2"}
    await dao.remove_workflow("w1")
    assert await link.read("EXISTS", KEYS.facts("w1")) == 0


async def test_facts_that_were_lost_get_a_time_to_live_again(
    dao: RedisExecutionDAO, link: Link
) -> None:
    facts = KEYS.facts("w1")
    await dao.create_workflow(make_workflow())
    await dao.create_tasks([make_task("t1")])
    writes: list[Callable[[], Awaitable[object]]] = [
        lambda: dao.create_tasks([make_task("t2")]),
        lambda: dao.update_task(make_task("t1")),
        lambda: dao.update_workflow(make_workflow()),
    ]
    for write in writes:
        await link.write("DEL", facts)
        await write()
        assert await link.read("TTL", facts) > 0


async def test_a_write_that_finds_what_it_assumes_does_not_prolong_facts(
    dao: RedisExecutionDAO, link: Link, clock: FakeClock
) -> None:
    await dao.create_workflow(make_workflow())
    await dao.create_tasks([make_task("t1")])
    await link.write("EXPIRE", KEYS.facts("w1"), 100)
    clock.pass_by(1)
    await dao.update_task(make_task("t1"))
    assert await link.read("TTL", KEYS.facts("w1")) <= 100


@pytest.mark.parametrize("later_ms", [0, 1])
async def test_a_task_leaves_the_set_of_the_definition_that_it_had(
    dao: RedisExecutionDAO, link: Link, clock: FakeClock, later_ms: int
) -> None:
    """Java's own lists don't look at the document. A millisecond later its stamp is as it is assumed."""
    await dao.create_workflow(make_workflow())
    await dao.create_tasks([make_task("t1")])
    clock.pass_by(later_ms)
    await dao.update_task(make_task("t1", definition_name="decode"))
    assert await link.read("EXISTS", KEYS.pending_tasks("encode")) == 0
    assert await link.read("SMEMBERS", KEYS.pending_tasks("decode")) == [b"t1"]


@pytest.mark.parametrize(
    ("moved", "left"),
    [
        ({"name": "other"}, KEYS.workflows_of_day("order", "20231114")),
        ({"correlation_id": "c2"}, KEYS.correlated_workflows("c1")),
        ({"create_time": 1_600_000_000_000}, KEYS.workflows_of_day("order", "20231114")),
    ],
    ids=["name", "correlation", "time"],
)
async def test_a_workflow_that_moves_leaves_the_sets_where_it_was(
    dao: RedisExecutionDAO, link: Link, moved: dict[str, Any], left: str
) -> None:
    fields: dict[str, Any] = {"create_time": 1_700_000_000_000, "correlation_id": "c1"}
    await dao.create_workflow(make_workflow(**fields))
    assert await link.read("EXISTS", left) == 1
    await dao.update_workflow(make_workflow(**{**fields, **moved}))
    assert await link.read("EXISTS", left) == 0


async def test_a_workflow_that_stays_where_it_is_leaves_no_set(
    dao: RedisExecutionDAO, link: Link, clock: FakeClock
) -> None:
    """An update costs Redis no more commands than it needs."""
    workflow = make_workflow(create_time=1_700_000_000_000, correlation_id="c1")
    await dao.create_workflow(workflow)
    clock.pass_by(1)
    await link.write("CONFIG", "RESETSTAT")
    await dao.update_workflow(workflow)
    used = await link.read("INFO", "commandstats")
    assert b"cmdstat_srem" not in used
    assert used.count(b"cmdstat_sadd") == 1


async def test_what_is_kept_of_an_event_execution_goes_with_it(
    dao: RedisExecutionDAO, link: Link
) -> None:
    event = make_event_execution()
    ends = KEYS.event_ends("handler", "sqs:orders", "m1")
    await dao.add_event_execution(event)
    # Java's default is a minute.
    assert 59_000 < await link.read("PTTL", ends) <= 60_000
    await dao.remove_event_execution(event)
    assert await link.read("EXISTS", ends) == 0


async def test_an_event_execution_that_stays_for_good_outlives_the_end_of_an_earlier_one(
    dao: RedisExecutionDAO, link: Link, clock: FakeClock
) -> None:
    """As after a removal by Java, which knows of no ends, where the time to live was taken out of the settings."""
    event = make_event_execution()
    await dao.add_event_execution(event)
    clock.pass_by(60_001)
    for_good = Daos.on(link, clock, event_ttl_ms=0).executions
    assert await for_good.add_event_execution(event)
    assert not await for_good.add_event_execution(event)


async def test_a_workflow_leaves_the_days_of_all_time_zones(
    dao: RedisExecutionDAO, link: Link
) -> None:
    await dao.create_workflow(make_workflow(create_time=1_700_000_000_000))
    days = [KEYS.workflows_of_day("order", day) for day in ("20231114", "20231115")]
    for key in days:
        await link.write("SADD", key, "w1")
    await dao.remove_workflow("w1")
    assert await link.read("EXISTS", *days) == 0


async def test_a_place_that_is_used_stays_before_all_others(
    dao: RedisExecutionDAO, link: Link
) -> None:
    await dao.create_workflow(make_workflow())
    await dao.create_tasks([make_task("t1")])
    bucket = KEYS.limit_places("encode")
    # Granted for a limit that the task's definition doesn't name.
    await link.write("ZADD", bucket, 5, "t1")
    await dao.update_task(make_task("t1", status=TaskStatus.IN_PROGRESS))
    assert float(await link.read("ZSCORE", bucket, "t1")) == 0
    assert await link.read("SISMEMBER", KEYS.in_progress("encode"), "t1")
    # Here it does.
    limited = make_task("t2", concurrency_limit=3)
    await dao.create_tasks([limited])
    await link.write("ZADD", bucket, 5, "t2")
    in_progress = msgspec.structs.replace(limited, status=TaskStatus.IN_PROGRESS)
    await dao.update_task(in_progress)
    assert float(await link.read("ZSCORE", bucket, "t2")) == 0


async def test_what_podium_keeps_and_nobody_can_read_is_said_to_be_so(
    dao: RedisExecutionDAO, link: Link
) -> None:
    await dao.create_workflow(make_workflow())
    write_set = msgspec.structs.replace(
        builders.create_workflow(make_workflow("w2"), now_ms=1), request_id="r1"
    )
    for garbage in (b"\xff", b"1 {}", b"9999999999999 1 \xff"):
        await link.write("SET", KEYS.removal("w1"), garbage)
        with pytest.raises(CorruptRecordError):
            await dao.removal("w1")
        await link.write("SET", KEYS.request("r1"), garbage)
        with pytest.raises(CorruptRecordError):
            await dao.apply(write_set)
    assert await link.read("EXISTS", KEYS.workflow("w2")) == 0


async def test_an_outcome_without_any_effect_is_remembered_too(
    dao: RedisExecutionDAO, link: Link
) -> None:
    await dao.create_workflow(make_workflow())
    first, second = (make_task(id_, reference_task_name="a") for id_ in ("t1", "t2"))
    await dao.create_tasks([first])
    write_set = builders.create_tasks([second], now_ms=1)
    write_set = msgspec.structs.replace(write_set, request_id="r1")
    assert (await dao.apply(write_set)).left_out_task_ids == ("t2",)
    await dao.remove_task("t1")
    repeated = await dao.apply(write_set)
    assert (repeated.left_out_task_ids, repeated.replayed) == (("t2",), True)


async def test_a_removal_record_that_is_written_again_keeps_what_it_knows(
    dao: RedisExecutionDAO, link: Link
) -> None:
    """The workflow's document may go before its record."""
    await dao.create_workflow(make_workflow())
    await dao.create_tasks([make_task("t1")])
    removal = builders.remove_workflow("w1", require_terminal=False, archive=True, ttl_ms=60_000)
    await dao.apply(removal)
    first = await dao.removal("w1")
    await dao.remove_task("t1")
    await link.write("DEL", KEYS.workflow("w1"))
    again = await dao.removal("w1")
    assert first is not None
    assert again is not None
    assert again.token > first.token
    assert again.facts.name == "order"


async def test_a_removal_takes_along_what_java_half_wrote(
    dao: RedisExecutionDAO, link: Link
) -> None:
    """A member without its task, and a slot of nobody's: a Java that died came no further."""
    await dao.create_workflow(make_workflow())
    await link.write("SADD", KEYS.tasks_of_workflow("w1"), "ghost")
    await link.write("HSET", KEYS.slots("w1"), "ghost0", "ghost")
    await dao.remove_workflow("w1")
    assert await link.read("EXISTS", KEYS.tasks_of_workflow("w1"), KEYS.slots("w1")) == 0


async def test_a_workflow_that_java_put_back_into_sets_leaves_them_when_it_goes(
    dao: RedisExecutionDAO, link: Link, clock: FakeClock
) -> None:
    await dao.create_workflow(make_workflow())
    await dao.apply(builders.remove_workflow("w1", require_terminal=False, ttl_ms=60_000))
    await link.write("SADD", KEYS.pending_workflows("order"), "w1")
    clock.pass_by(60_001)
    assert await RemovalMachine(dao).carry_out("w1")
    assert await link.read("EXISTS", KEYS.pending_workflows("order")) == 0


async def test_a_slot_that_java_pointed_at_a_duplicate_is_the_first_tasks(
    dao: RedisExecutionDAO, link: Link
) -> None:
    await dao.create_workflow(make_workflow())
    await dao.create_tasks([make_task("t1", reference_task_name="a")])
    await link.write("HSET", KEYS.slots("w1"), "a0", "t2")
    created = await dao.create_tasks([make_task("t1", reference_task_name="a")])
    assert created.created_task_ids == ("t1",)
    assert created.left_out_task_ids == ()


async def test_a_slot_that_java_gave_to_a_task_that_is_there_is_that_tasks(
    dao: RedisExecutionDAO, link: Link
) -> None:
    await dao.create_workflow(make_workflow())
    await dao.create_tasks([make_task("t1", reference_task_name="a"), make_task("t2")])
    await link.write("HSET", KEYS.slots("w1"), "a0", "t2")
    created = await dao.create_tasks([make_task("t1", reference_task_name="a")])
    assert (created.created_task_ids, created.left_out_task_ids) == ((), ("t1",))


@pytest.mark.parametrize(
    "write",
    [
        lambda dao: dao.create_workflow(make_workflow("w.")),
        lambda dao: dao.create_workflow(make_workflow(name="order.")),
        lambda dao: dao.create_tasks([make_task("t.")], allow_missing_workflow=True),
        lambda dao: dao.create_tasks([make_task(workflow_id="w.")], allow_missing_workflow=True),
        lambda dao: dao.create_tasks(
            [make_task(definition_name="encode.")], allow_missing_workflow=True
        ),
        lambda dao: dao.add_event_execution(
            msgspec.structs.replace(make_event_execution(), message_id="m.")
        ),
    ],
    ids=["workflow", "name", "task", "its workflow", "definition", "message"],
)
async def test_what_ends_in_a_dot_is_refused(
    dao: RedisExecutionDAO, link: Link, write: Callable[[RedisExecutionDAO], Awaitable[object]]
) -> None:
    """Conductor cuts the dot off its keys, where it would meet another's."""
    with pytest.raises(InvalidArgumentError):
        await write(dao)
    assert await link.read("DBSIZE") == 0


async def test_an_unreadable_task_is_removed_by_nobody(dao: RedisExecutionDAO, link: Link) -> None:
    """Which sets it is in nobody knows."""
    await dao.create_workflow(make_workflow())
    await dao.create_tasks([make_task("t1")])
    await link.write("SET", KEYS.task("t1"), b"\xff")
    with pytest.raises(CorruptRecordError):
        await dao.remove_task("t1")
    assert await link.read("GET", KEYS.task("t1")) == b"\xff"


async def test_a_task_frees_no_slot_that_another_has(dao: RedisExecutionDAO, link: Link) -> None:
    await dao.create_workflow(make_workflow())
    await dao.create_tasks([make_task("t1", reference_task_name="a")])
    await link.write("HSET", KEYS.slots("w1"), "a0", "t2")
    await dao.remove_task("t1")
    assert await link.read("HGET", KEYS.slots("w1"), "a0") == b"t2"


async def test_an_upload_that_nobody_keeps_is_refused_at_once(
    dao: RedisExecutionDAO, link: Link
) -> None:
    """Also where all else is as it was assumed."""
    await dao.create_workflow(make_workflow())
    path = new_key(PayloadType.TASK_INPUT, "w1")
    task = make_task("t1", external_input_payload_storage_path=path)
    write_set = builders.create_tasks([task], now_ms=1)
    with pytest.raises(UploadLostError):
        await dao.apply(msgspec.structs.replace(write_set, uploads=(path,)))
    assert await link.read("EXISTS", KEYS.task("t1")) == 0
