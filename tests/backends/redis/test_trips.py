"""Each method of each DAO takes one trip, or as many as the table says, with why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from podium_backends.redis.connection import Link
from podium_backends.redis.settings import RedisSettings
from podium_core.backend import ConnectedStore
from podium_core.models import (
    Commit,
    PushMessage,
    TaskStatus,
    TaskUpdate,
    WorkflowStatus,
    collect,
)
from podium_core.models.commit import CommitPush
from podium_core.ports import (
    ConcurrentExecutionLimitDAO,
    EventHandlerDAO,
    ExecutionDAO,
    MetadataDAO,
    PollDataDAO,
    QueueDAO,
    RateLimitingDAO,
)
from podium_core.write_set.commit_builder import commit
from tests.backends.redis.operations import (
    EVENT_HANDLERS,
    LIMITS,
    METADATA,
    POLL_DATA,
    QUEUE,
    QUEUES,
    RATE_LIMITS,
    RUNNING,
    fill,
    fill_executions,
    opened,
    there,
)
from tests.backends.redis.stores import end_keys, new_prefix, settings_at
from tests.backends.redis.trips import Recorder, counted_trips
from tests.contract.records import make_event_execution, make_task, make_workflow

Operation = Callable[[Any], Awaitable[Any]]
ENDED = make_workflow("w1", correlation_id="c1", status=WorkflowStatus.COMPLETED)
DAY_MS = 24 * 60 * 60 * 1000

EXECUTIONS: dict[str, Operation] = {
    "create_tasks": lambda dao: dao.create_tasks([make_task(f"n{n}") for n in range(20)]),
    "update_task": lambda dao: dao.update_task(make_task("t2", status=TaskStatus.COMPLETED)),
    "end a task that runs": lambda dao: dao.update_task(
        make_task("t1", concurrency_limit=3, status=TaskStatus.COMPLETED)
    ),
    "update_tasks": lambda dao: dao.update_tasks([TaskUpdate(task=make_task("t2"))]),
    "remove_task": lambda dao: dao.remove_task("t1"),
    "get_task": lambda dao: dao.get_task("t1"),
    "get_tasks": lambda dao: dao.get_tasks(["t1", "t2"]),
    "get_tasks_by_type": lambda dao: dao.get_tasks_by_type("encode", count=5),
    "get_pending_tasks_by_workflow": lambda dao: collect(
        dao.get_pending_tasks_by_workflow("encode", "w1")
    ),
    "get_pending_tasks_for_task_type": lambda dao: collect(
        dao.get_pending_tasks_for_task_type("encode")
    ),
    "get_tasks_for_workflow": lambda dao: collect(dao.get_tasks_for_workflow("w1")),
    "get_in_progress_task_count": lambda dao: dao.get_in_progress_task_count("encode"),
    "exceeds_in_progress_limit": lambda dao: dao.exceeds_in_progress_limit(
        make_task("t2", concurrency_limit=3)
    ),
    "create_workflow": lambda dao: dao.create_workflow(make_workflow("w2")),
    "update_workflow": lambda dao: dao.update_workflow(ENDED),
    "remove_workflow": lambda dao: dao.remove_workflow("w1"),
    "remove_workflow_with_expiry": lambda dao: dao.remove_workflow_with_expiry(
        "w1", ttl_seconds=60
    ),
    "remove_from_pending_workflow": lambda dao: dao.remove_from_pending_workflow("order", "w1"),
    "get_workflow": lambda dao: dao.get_workflow("w1", include_tasks=True),
    "get_workflows": lambda dao: collect(dao.get_workflows(["w1", "w2"])),
    "get_running_workflow_ids": lambda dao: collect(dao.get_running_workflow_ids("order")),
    "get_pending_workflows_by_type": lambda dao: collect(
        dao.get_pending_workflows_by_type("order", version=1)
    ),
    "get_pending_workflow_count": lambda dao: dao.get_pending_workflow_count("order"),
    "get_workflows_by_type": lambda dao: collect(
        dao.get_workflows_by_type("order", start_time=0, end_time=DAY_MS)
    ),
    "get_workflows_by_correlation_id": lambda dao: collect(
        dao.get_workflows_by_correlation_id("order", "c1")
    ),
    "can_search_across_workflows": lambda dao: dao.can_search_across_workflows(),
    "add_event_execution": lambda dao: dao.add_event_execution(make_event_execution("e2")),
    "update_event_execution": lambda dao: dao.update_event_execution(make_event_execution()),
    "remove_event_execution": lambda dao: dao.remove_event_execution(make_event_execution()),
}
GROUPS: dict[str, dict[str, Operation]] = {
    "executions": EXECUTIONS,
    "concurrency_limits": {
        **LIMITS,
        "hold a place": lambda dao: dao.add_task_to_limit(make_task("t4", concurrency_limit=3)),
    },
    "metadata": METADATA,
    "event_handlers": EVENT_HANDLERS,
    "poll_data": POLL_DATA,
    "rate_limits": RATE_LIMITS,
    "queues": {
        **QUEUES,
        "push several": lambda dao: dao.push_messages(
            QUEUE, [PushMessage(id="m7"), PushMessage(id="m8")]
        ),
        "pop": lambda dao: dao.pop(QUEUE, count=10),
        "ack several": lambda dao: dao.ack_messages(QUEUE, [("leased", ""), ("m1", "")]),
        "shorten a lease": lambda dao: dao.set_unack_timeout_if_shorter(QUEUE, "leased", 1),
        "sizes": lambda dao: dao.queues_detail(),
    },
}
LOOKS_FIRST = (
    2  # nobody can foresee what it finds: a trip to see it, and one that checks that and writes
)
NAMES_FIRST = 2  # the names, and what each of them has
OTHERS = {
    "can_search_across_workflows": 0,
    "remove_task": LOOKS_FIRST,
    # It comes without the createTime that the store has: what was assumed fails.
    "update_workflow": LOOKS_FIRST,
    # LOOKS_FIRST for the record; then the record with the tasks, and the step that removes them.
    "remove_workflow": LOOKS_FIRST + 2,
    # The same with the step by which tasks leave their sets; and that nothing is to be done before it is due.
    "remove_workflow_with_expiry": LOOKS_FIRST + 3,
    # In order of id, which sets don't have: the first ids of all, and their documents.
    "get_tasks_by_type": NAMES_FIRST,
    "all task definitions": NAMES_FIRST,
    "latest workflow definition": NAMES_FIRST,
    "all workflow definitions": NAMES_FIRST + 1,
    "latest versions": NAMES_FIRST + 1,
    "all handlers": NAMES_FIRST,
    "all polls": NAMES_FIRST,
    "update handler": LOOKS_FIRST,
    "move handler": LOOKS_FIRST,
    "remove handler": LOOKS_FIRST,
    # A take before it waits, and one after.
    "wait": 2,
}


async def next_millisecond() -> None:
    """A write in the millisecond of the one before looks first: it can't assume an older stamp."""
    await asyncio.sleep(0.005)


@pytest.fixture
def settings(redis_url: str) -> Iterator[RedisSettings]:
    settings = settings_at(redis_url, new_prefix())
    yield settings
    end_keys(redis_url, settings.workflow_prefix)


@pytest.fixture
async def store(settings: RedisSettings) -> AsyncIterator[ConnectedStore]:
    async with opened(settings) as store:
        await fill(store)
        await fill_executions(store)
        await next_millisecond()
        yield store


ALL = [(group, name) for group, operations in GROUPS.items() for name in operations]


@pytest.mark.parametrize(("group", "name"), ALL)
async def test_trips(store: ConnectedStore, group: str, name: str) -> None:
    with counted_trips() as trips:
        await GROUPS[group][name](getattr(store, group))
    assert trips.count == OTHERS.get(name, 1)


async def test_no_method_is_left_out(store: ConnectedStore) -> None:
    protocols = {
        "executions": ExecutionDAO,
        "concurrency_limits": ConcurrentExecutionLimitDAO,
        "metadata": MetadataDAO,
        "event_handlers": EventHandlerDAO,
        "poll_data": PollDataDAO,
        "rate_limits": RateLimitingDAO,
        "queues": QueueDAO,
    }
    for group, protocol in protocols.items():
        called: set[str] = set()
        for operation in GROUPS[group].values():
            await operation(Recorder(getattr(store, group), called))
        assert {name for name in vars(protocol) if not name.startswith("_")} - called == set()


async def test_a_commit_is_one_trip(store: ConnectedStore) -> None:
    tasks = [make_task(f"n{n}") for n in range(20)]
    pushes = [CommitPush(queue_name="encode", message=PushMessage(id=f"n{n}")) for n in range(20)]
    request = Commit(
        workflow_id="w1",
        create_tasks=tasks,
        update_tasks=[TaskUpdate(task=make_task("t2", status=TaskStatus.COMPLETED))],
        pushes=pushes,
    )
    with counted_trips() as trips:
        await there(store.executions).apply(commit(request, now_ms=1))
    assert trips.count == 1


async def test_a_commit_that_expects_a_time_of_its_workflow_is_one_trip(
    store: ConnectedStore,
) -> None:
    executions = there(store.executions)
    workflow = await executions.get_workflow("w1")
    assert workflow is not None
    assert isinstance(workflow.updated_time, int)
    request = Commit(
        workflow_id="w1",
        create_tasks=[make_task("n1")],
        expected_update_time=workflow.updated_time,
    )
    with counted_trips() as trips:
        await executions.apply(commit(request, now_ms=1))
    assert trips.count == 1


async def test_an_update_is_two_trips_where_java_wrote_last_and_then_one_again(
    store: ConnectedStore, settings: RedisSettings
) -> None:
    executions = there(store.executions)
    link = Link(settings.target("java"))
    document = await link.read("GET", settings.keys.task("t1"))
    await link.write("SET", settings.keys.task("t1"), b'{"iteration":1,' + document[1:])
    await link.close()
    counts = []
    for _ in range(2):
        with counted_trips() as trips:
            await executions.update_task(RUNNING)
        counts.append(trips.count)
        await next_millisecond()
    assert counts == [2, 1]


async def test_a_large_workflow_is_one_trip_more(store: ConnectedStore) -> None:
    executions = there(store.executions)
    counts = []
    for size in (200, 201, 1_000):
        already = len(await collect(executions.get_tasks_for_workflow("w1")))
        await executions.create_tasks([make_task(f"n{n:04}") for n in range(already, size)])
        with counted_trips() as trips:
            found = await executions.get_workflow("w1", include_tasks=True)
        assert found is not None
        counts.append((len(found.tasks), trips.count))
    assert counts == [(200, 1), (201, 2), (1_000, 2)]


async def test_a_large_workflow_where_sort_is_forbidden(
    store: ConnectedStore, settings: RedisSettings
) -> None:
    executions = there(store.executions)
    await executions.create_tasks([make_task(f"n{n:04}") for n in range(300)])
    whole = await executions.get_workflow("w1", include_tasks=True)
    link = Link(settings.target("admin"))
    user = settings.workflow_prefix
    await link.write("ACL", "SETUSER", user, "on", ">secret", "~*", "&*", "+@all", "-sort")
    try:
        limited = settings.model_copy(update={"username": user, "password": SecretStr("secret")})
        async with opened(limited) as other:
            assert await there(other.executions).get_workflow("w1", include_tasks=True) == whole
    finally:
        await link.write("ACL", "DELUSER", user)
        await link.close()


async def test_a_stream_of_a_thousand_tasks_is_one_trip(store: ConnectedStore) -> None:
    executions = there(store.executions)
    await executions.create_tasks([make_task(f"n{n:04}") for n in range(998)])
    with counted_trips() as trips:
        await collect(executions.get_tasks_for_workflow("w1"))
    assert trips.count == 1
