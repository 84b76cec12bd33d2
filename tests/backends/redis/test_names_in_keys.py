"""Names that would share the key of another one, since Conductor cuts a dot off at the end of its keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from podium_core.backend import ConnectedStore
from podium_core.definitions import event_handler_of, workflow_def_of
from podium_core.errors import InvalidArgumentError
from podium_core.models import Task
from podium_core.models.json_text import to_raw
from tests.backends.redis.operations import opened, there
from tests.backends.redis.stores import settings_at

WORKFLOW_DEF = workflow_def_of(to_raw({"name": "order.", "version": 1}))
HANDLER = event_handler_of(to_raw({"name": "handler", "event": "done."}))
TASK = Task(
    task_id="t1",
    task_def_name="encode.",
    rate_limit_per_frequency=1,
    rate_limit_frequency_in_seconds=1,
)

Write = Callable[[ConnectedStore], Awaitable[object]]
WRITES: dict[str, tuple[str, Write]] = {
    "a workflow definition": (
        "workflow_def.name",
        lambda store: there(store.metadata).create_workflow_def(WORKFLOW_DEF),
    ),
    "another one of it": (
        "workflow_def.name",
        lambda store: there(store.metadata).update_workflow_def(WORKFLOW_DEF),
    ),
    "an event": (
        "event_handler.event",
        lambda store: there(store.event_handlers).add_event_handler(HANDLER),
    ),
    "another event": (
        "event_handler.event",
        lambda store: there(store.event_handlers).update_event_handler(HANDLER),
    ),
    "a poll": (
        "task_def_name",
        lambda store: there(store.poll_data).update_last_poll_data("encode.", None, "w"),
    ),
    "a place": (
        "task.task_def_name",
        lambda store: there(store.concurrency_limits).add_task_to_limit(TASK),
    ),
    "a place that is asked for": (
        "task.task_def_name",
        lambda store: there(store.concurrency_limits).exceeds_limit(TASK, limit=1),
    ),
    "a grant": (
        "task.task_def_name",
        lambda store: there(store.rate_limits).exceeds_rate_limit_per_frequency(TASK),
    ),
}


@pytest.mark.parametrize("name", WRITES)
async def test_are_refused(redis_url: str, prefix: str, name: str) -> None:
    field, write = WRITES[name]
    async with opened(settings_at(redis_url, prefix)) as store:
        with pytest.raises(InvalidArgumentError, match="end in a dot") as caught:
            await write(store)
    assert caught.value.field == field
