"""What every entry point asks of its arguments alike: the same error, for the same field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from podium_core.errors import InvalidArgumentError
from podium_core.execution_service import ExecutionService
from podium_core.models import Commit, CommitPush, PushMessage, collect
from podium_core.ports import QueueDAO
from podium_core.requirements import MAX_DURATION_MS
from tests.contract.records import make_workflow

QUEUE = "encode"
TOO_LONG_MS = MAX_DURATION_MS + 1

BAD_PUSHES = [
    ({"id": ""}, "{id}"),
    ({"id": "a\x00b"}, "{id}"),
    ({"id": "é" * 513}, "{id}"),
    ({"id": "m1", "priority": 100}, "priority"),
    ({"id": "m1", "offset_ms": -1}, "offset_ms"),
    ({"id": "m1", "offset_ms": TOO_LONG_MS}, "offset_ms"),
]

TIMES: dict[str, tuple[Callable[[QueueDAO], Awaitable[Any]], str]] = {
    "postpone": (lambda dao: dao.postpone(QUEUE, "m1", offset_ms=TOO_LONG_MS), "offset_ms"),
    "a wait": (lambda dao: dao.pop(QUEUE, count=1, timeout_ms=TOO_LONG_MS), "timeout_ms"),
    "a lease": (
        lambda dao: dao.pop(QUEUE, count=1, unack_timeout_ms=TOO_LONG_MS),
        "unack_timeout_ms",
    ),
    "another lease": (
        lambda dao: dao.set_unack_timeout(QUEUE, "m1", TOO_LONG_MS),
        "unack_timeout_ms",
    ),
    "a shorter lease": (
        lambda dao: dao.set_unack_timeout_if_shorter(QUEUE, "m1", TOO_LONG_MS),
        "unack_timeout_ms",
    ),
}


@pytest.mark.parametrize(("fields", "field"), BAD_PUSHES)
class TestPush:
    async def test_one(self, queue_dao: QueueDAO, fields: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await queue_dao.push(QUEUE, PushMessage(**fields))
        assert caught.value.field == field.format(id="message_id")

    async def test_unless_it_exists(
        self, queue_dao: QueueDAO, fields: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await queue_dao.push_if_not_exists(QUEUE, PushMessage(**fields))
        assert caught.value.field == field.format(id="message_id")

    async def test_several(self, queue_dao: QueueDAO, fields: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await queue_dao.push_messages(QUEUE, [PushMessage(id="m"), PushMessage(**fields)])
        assert caught.value.field == "messages[1]." + field.format(id="id")

    async def test_in_a_commit(
        self, executions: ExecutionService, fields: dict[str, Any], field: str
    ) -> None:
        await executions.create_workflow(make_workflow())
        push = CommitPush(queue_name=QUEUE, message=PushMessage(**fields))
        with pytest.raises(InvalidArgumentError) as caught:
            await executions.commit(Commit(workflow_id="w1", pushes=[push]))
        assert caught.value.field == "pushes[0]." + field.format(id="message_id")


class TestTimes:
    @pytest.mark.parametrize("name", TIMES)
    async def test_more_than_a_hundred_years_is_refused(
        self, queue_dao: QueueDAO, name: str
    ) -> None:
        call, field = TIMES[name]
        with pytest.raises(InvalidArgumentError, match="hundred years") as caught:
            await call(queue_dao)
        assert caught.value.field == field

    async def test_a_removal_is_not_put_off_for_longer_either(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        with pytest.raises(InvalidArgumentError, match="hundred years") as caught:
            await executions.remove_workflow_with_expiry("w1", ttl_seconds=TOO_LONG_MS // 1_000 + 1)
        assert caught.value.field == "ttl_seconds"

    async def test_a_range_that_ends_before_it_starts_is_refused(
        self, executions: ExecutionService
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await collect(executions.get_workflows_by_type("order", start_time=5, end_time=4))
        assert caught.value.field == "end_time"


class TestCounts:
    @pytest.mark.parametrize("count", [-1, 0, 10_001])
    async def test_of_tasks_by_type(self, executions: ExecutionService, count: int) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await executions.get_tasks_by_type("encode", count=count)
        assert caught.value.field == "count"

    async def test_of_a_commits_items_all_together(self, executions: ExecutionService) -> None:
        pushes = [CommitPush(queue_name=QUEUE, message=PushMessage(id="m"))] * 1_001
        with pytest.raises(InvalidArgumentError, match="1001 items in one Commit") as caught:
            await executions.commit(Commit(workflow_id="w1", pushes=pushes))
        assert caught.value.field == ""


async def test_an_id_that_can_not_be_one_comes_before_any_other_objection(
    executions: ExecutionService,
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await executions.remove_workflow("", archive=True)
    assert caught.value.field == "workflow_id"


class TestLoneSurrogates:
    async def test_of_a_payload(self, queue_dao: QueueDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await queue_dao.push(QUEUE, PushMessage(id="m1", payload="\ud800"))

    async def test_of_a_commits_payload(self, executions: ExecutionService) -> None:
        push = CommitPush(queue_name=QUEUE, message=PushMessage(id="m1", payload="\ud800"))
        with pytest.raises(InvalidArgumentError):
            await executions.commit(Commit(workflow_id="w1", pushes=[push]))

    async def test_of_an_id(self, executions: ExecutionService) -> None:
        with pytest.raises(InvalidArgumentError):
            await executions.get_task("\ud800")
