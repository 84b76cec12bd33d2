"""Each operation of what a Redis serves, on one set of small records: for tests of what goes wrong with all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from podium_backends.redis.settings import RedisSettings
from podium_backends.redis.spec import SPEC
from podium_core.backend import ConnectedStore, StoreContext
from podium_core.definitions import event_handler_of, task_def_of, workflow_def_of
from podium_core.models import Guarantee, PushMessage, Task, TaskStatus, collect
from podium_core.models.json_text import to_raw
from podium_core.write_set import PushOp
from tests.contract.records import make_event_execution, make_task, make_workflow

T = TypeVar("T")

TASK_DEF = task_def_of(to_raw({"name": "encode"}))
WORKFLOW_DEF = workflow_def_of(to_raw({"name": "order", "version": 1}))
HANDLER = event_handler_of(to_raw({"name": "handler", "event": "done", "active": True}))
TASK = Task(
    task_id="t1",
    task_type="encode",
    task_def_name="encode",
    rate_limit_per_frequency=1_000_000,
    rate_limit_frequency_in_seconds=3_600,
)
QUEUE = "work"
PUSH = PushOp(queue_name=QUEUE, message_id="m1", offset_ms=0, priority=0, payload="text")
AN_HOUR_MS = 3_600_000


@asynccontextmanager
async def opened(settings: RedisSettings) -> AsyncIterator[ConnectedStore]:
    """The store of these settings, for all that a Redis serves."""
    context = StoreContext(name="redis", serves=SPEC.serves, commit_guarantee=Guarantee.ORDERED)
    store = await SPEC.connect(context, settings)
    try:
        yield store
    finally:
        await store.close()


def there(adapter: T | None) -> T:
    """An adapter that the store has."""
    assert adapter is not None
    return adapter


async def fill(store: ConnectedStore) -> None:
    """Store what the operations read and change: of everything one, and a message that is leased, and one that waits."""
    await there(store.metadata).create_task_def(TASK_DEF)
    await there(store.metadata).create_workflow_def(WORKFLOW_DEF)
    await there(store.event_handlers).add_event_handler(HANDLER)
    await there(store.poll_data).update_last_poll_data("encode", "eu", "worker")
    await there(store.rate_limits).exceeds_rate_limit_per_frequency(TASK)
    queues = there(store.queues)
    await queues.push(QUEUE, PushMessage(id="leased", payload="text"))
    await queues.pop(QUEUE, count=1)
    await queues.push(QUEUE, PushMessage(id="m1", payload="text"))
    await queues.push(QUEUE, PushMessage(id="delayed", offset_ms=AN_HOUR_MS))


Operation = Callable[[ConnectedStore], Awaitable[Any]]

METADATA: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "create task definition": lambda dao: dao.create_task_def(TASK_DEF),
    "update task definition": lambda dao: dao.update_task_def(TASK_DEF),
    "get task definition": lambda dao: dao.get_task_def("encode"),
    "all task definitions": lambda dao: collect(dao.get_all_task_defs()),
    "update workflow definition": lambda dao: dao.update_workflow_def(WORKFLOW_DEF),
    "get workflow definition": lambda dao: dao.get_workflow_def("order", 1),
    "latest workflow definition": lambda dao: dao.get_latest_workflow_def("order"),
    "all workflow definitions": lambda dao: collect(dao.get_all_workflow_defs()),
    "latest versions": lambda dao: collect(dao.get_all_workflow_defs_latest_versions()),
    "workflow names": lambda dao: dao.get_workflow_names(),
    "workflow versions": lambda dao: dao.get_workflow_versions("order"),
    "create workflow definition": lambda dao: dao.create_workflow_def(
        workflow_def_of(to_raw({"name": "order", "version": 2}))
    ),
    "remove workflow definition": lambda dao: dao.remove_workflow_def("order", 1),
    "remove task definition": lambda dao: dao.remove_task_def("encode"),
}
EVENT_HANDLERS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "update handler": lambda dao: dao.update_event_handler(HANDLER),
    "move handler": lambda dao: dao.update_event_handler(
        event_handler_of(to_raw({"name": "handler", "event": "begun"}))
    ),
    "all handlers": lambda dao: collect(dao.get_all_event_handlers()),
    "handlers of an event": lambda dao: dao.get_event_handlers_for_event("done"),
    "add handler": lambda dao: dao.add_event_handler(
        event_handler_of(to_raw({"name": "second", "event": "done"}))
    ),
    "remove handler": lambda dao: dao.remove_event_handler("handler"),
}
POLL_DATA: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "update poll": lambda dao: dao.update_last_poll_data("encode", "eu", "worker"),
    "get poll": lambda dao: dao.get_poll_data("encode", "eu"),
    "polls of a definition": lambda dao: dao.get_poll_data_for_task("encode"),
    "all polls": lambda dao: collect(dao.get_all_poll_data()),
}
RATE_LIMITS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "rate limit": lambda dao: dao.exceeds_rate_limit_per_frequency(TASK),
}
QUEUES: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "push": lambda dao: dao.push(QUEUE, PushMessage(id="m2", payload="text")),
    "push again": lambda dao: dao.push(QUEUE, PushMessage(id="leased")),
    "push if absent": lambda dao: dao.push_if_not_exists(QUEUE, PushMessage(id="m3")),
    "poll": lambda dao: dao.poll_messages(QUEUE, count=1),
    "wait": lambda dao: dao.poll_messages("empty", count=1, timeout_ms=20),
    "lease": lambda dao: dao.set_unack_timeout(QUEUE, "leased", 1_000),
    "size": lambda dao: dao.get_size(QUEUE),
    "details": lambda dao: dao.queues_detail_verbose(),
    "contains": lambda dao: dao.contains_message(QUEUE, "m1"),
    "first ids": lambda dao: dao.peek_first_ids(QUEUE, 5),
    "scan": lambda dao: dao.scan_messages(),
    "sweep": lambda dao: dao.process_unacks(QUEUE),
    "postpone": lambda dao: dao.postpone(QUEUE, "m1", priority=1, offset_ms=1_000),
    "reset offset": lambda dao: dao.reset_offset_time(QUEUE, "delayed"),
    "ack": lambda dao: dao.ack(QUEUE, "leased"),
    "remove": lambda dao: dao.remove(QUEUE, "m1"),
    "flush": lambda dao: dao.flush(QUEUE),
}
QUEUE_TARGET: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "deliver": lambda target: target.deliver(PUSH, 2**61),
    "tokens": lambda target: target.tokens_of([(QUEUE, "m1")]),
    "remove seen": lambda target: target.remove_seen([(QUEUE, "m1", 1)]),
    "remove older": lambda target: target.remove_older(QUEUE, "m1", 2**62),
}
WORKFLOW = make_workflow(correlation_id="c1")
RUNNING = make_task("t1", concurrency_limit=3, status=TaskStatus.IN_PROGRESS)


async def fill_executions(store: ConnectedStore) -> None:
    """The same for executions: a workflow with a task that runs and one that may, and an event execution."""
    executions = there(store.executions)
    waiting = make_task("t2", concurrency_limit=3)
    await executions.create_workflow(WORKFLOW)
    await executions.create_tasks([make_task("t1", concurrency_limit=3), waiting])
    await executions.update_task(RUNNING)
    await there(store.concurrency_limits).exceeds_limit(waiting)
    await executions.add_event_execution(make_event_execution())


EXECUTIONS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "create workflow": lambda dao: dao.create_workflow(make_workflow("w2")),
    "update workflow": lambda dao: dao.update_workflow(WORKFLOW),
    "get workflow": lambda dao: dao.get_workflow("w1", include_tasks=True),
    "create tasks": lambda dao: dao.create_tasks([make_task("t3")]),
    "update task": lambda dao: dao.update_task(RUNNING),
    "get task": lambda dao: dao.get_task("t1"),
    "pending tasks": lambda dao: collect(dao.get_pending_tasks_for_task_type("encode")),
    "tasks by type": lambda dao: dao.get_tasks_by_type("encode", count=5),
    "running workflows": lambda dao: collect(dao.get_running_workflow_ids("order")),
    "pending workflows": lambda dao: dao.get_pending_workflow_count("order"),
    "add event execution": lambda dao: dao.add_event_execution(make_event_execution("e2")),
    "remove event execution": lambda dao: dao.remove_event_execution(make_event_execution()),
    "remove task": lambda dao: dao.remove_task("t1"),
    "remove workflow": lambda dao: dao.remove_workflow("w1"),
}
LIMITS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "limit": lambda dao: dao.exceeds_limit(make_task("t4", concurrency_limit=3)),
    "free a place": lambda dao: dao.remove_task_from_limit(make_task("t4")),
}
_GROUPS = {
    "metadata": METADATA,
    "event_handlers": EVENT_HANDLERS,
    "poll_data": POLL_DATA,
    "rate_limits": RATE_LIMITS,
    "queues": QUEUES,
    "queue_target": QUEUE_TARGET,
}


def _on(adapter: str, call: Callable[[Any], Awaitable[Any]]) -> Operation:
    return lambda store: call(there(getattr(store, adapter)))


OPERATIONS: dict[str, Operation] = {
    name: _on(adapter, call) for adapter, group in _GROUPS.items() for name, call in group.items()
}
ON_EXECUTIONS: dict[str, Operation] = {
    **{name: _on("executions", call) for name, call in EXECUTIONS.items()},
    **{name: _on("concurrency_limits", call) for name, call in LIMITS.items()},
}
READS = frozenset(
    {
        "get task definition",
        "all task definitions",
        "get workflow definition",
        "latest workflow definition",
        "all workflow definitions",
        "latest versions",
        "workflow names",
        "workflow versions",
        "all handlers",
        "handlers of an event",
        "get poll",
        "polls of a definition",
        "all polls",
        "size",
        "details",
        "contains",
        "first ids",
        "scan",
        "tokens",
        "get workflow",
        "get task",
        "pending tasks",
        "tasks by type",
        "running workflows",
        "pending workflows",
    }
)
