"""IndexDAO: entries of workflows and tasks, and what is kept for looking up. Searches are in ``test_index_search``."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec import UNSET, Raw

from podium_core.errors import InvalidArgumentError, NotFoundError
from podium_core.models import (
    EventExecution,
    EventExecutionStatus,
    IndexedMessage,
    SearchResult,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)
from podium_core.models.json_text import raw_text, to_raw
from podium_core.ports import IndexDAO
from tests.contract.eventually import eventually
from tests.contract.records import (
    make_event_execution,
    make_task_summary,
    make_workflow_summary,
)
from tests.contract.ways import INDEX_WAYS, INDEX_WAYS_AT_NIGHT

WAYS = (*INDEX_WAYS, *INDEX_WAYS_AT_NIGHT)

DATES: dict[str, Any] = {"start_time": 1_700_000_000_123, "end_time": 1_700_000_009_999}


async def workflow_entry(dao: IndexDAO, workflow_id: str = "w1") -> WorkflowSummary | None:
    found = await dao.search_workflow_summary(f"workflowId = '{workflow_id}'")
    assert found.total_hits == len(found.results)
    return found.results[0] if found.results else None


async def task_entry(dao: IndexDAO, task_id: str = "t1") -> TaskSummary | None:
    found = await dao.search_task_summary(f"taskId = '{task_id}'")
    assert found.total_hits == len(found.results)
    return found.results[0] if found.results else None


async def test_setup_may_be_repeated(index_dao: IndexDAO) -> None:
    await index_dao.index_workflow(make_workflow_summary())
    await index_dao.setup()
    await index_dao.setup()
    assert await index_dao.get_workflow_count() == 1


class TestIndexWorkflow:
    async def test_is_found_when_the_call_returns(self, index_dao: IndexDAO) -> None:
        entry = make_workflow_summary(
            version=3,
            correlation_id="c é\U0001f600",
            input='{"a": 1.00}',
            failed_task_names=("pay", "ship"),
            failed_reference_task_names="pay_ref,ship_ref",
            priority=7,
            archived=False,
            **DATES,
        )
        await index_dao.index_workflow(entry)
        assert await workflow_entry(index_dao) == entry

    async def test_what_typed_fields_can_not_carry_comes_back(self, index_dao: IndexDAO) -> None:
        entry = make_workflow_summary(extra=Raw(b'{"parentWorkflowId":"w0"}'))
        await index_dao.index_workflow(entry)
        found = await workflow_entry(index_dao)
        assert found is not None
        assert isinstance(found.extra, Raw)
        assert json.loads(raw_text(found.extra)) == {"parentWorkflowId": "w0"}

    async def test_replaces_the_whole_entry(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary(correlation_id="c1"))
        await index_dao.index_workflow(make_workflow_summary(status="COMPLETED"))
        assert await workflow_entry(index_dao) == make_workflow_summary(status="COMPLETED")
        assert await index_dao.get_workflow_count("correlationId = 'c1'") == 0

    async def test_accepted_is_found_some_time(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary(), wait=Wait.ACCEPTED)

        async def is_there() -> bool:
            return await workflow_entry(index_dao) is not None

        await eventually(is_there)


class TestIndexTask:
    async def test_is_found_when_the_call_returns(self, index_dao: IndexDAO) -> None:
        entry = make_task_summary(
            task_def_name="encode_hd", queue_wait_time=-5, domain="eu", workflow_priority=3, **DATES
        )
        await index_dao.index_task(entry)
        assert await task_entry(index_dao) == entry

    async def test_a_time_of_zero_comes_back(self, index_dao: IndexDAO) -> None:
        await index_dao.index_task(make_task_summary())
        found = await task_entry(index_dao)
        assert found is not None
        assert (found.scheduled_time, found.end_time) == (0, 0)

    async def test_replaces_the_whole_entry(self, index_dao: IndexDAO) -> None:
        await index_dao.index_task(make_task_summary(domain="eu"))
        await index_dao.index_task(make_task_summary(status="COMPLETED"))
        found = await task_entry(index_dao)
        assert found is not None
        assert (found.status, found.domain) == ("COMPLETED", UNSET)


class TestUpdate:
    async def test_sets_some_fields_of_a_workflow(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary(correlation_id="c1"))
        await index_dao.update_workflow("w1", Raw(b'{"archived":true,"status":"COMPLETED"}'))
        assert await workflow_entry(index_dao) == make_workflow_summary(
            correlation_id="c1", status="COMPLETED", archived=True
        )
        assert await index_dao.search_workflows("status = 'RUNNING'") == SearchResult(total_hits=0)

    async def test_sets_some_fields_of_a_task(self, index_dao: IndexDAO) -> None:
        await index_dao.index_task(make_task_summary())
        await index_dao.update_task("w1", "t1", Raw(b'{"status":"FAILED","later":1}'))
        found = await task_entry(index_dao)
        assert found is not None
        assert (found.status, found.extra) == ("FAILED", Raw(b'{"later":1}'))

    async def test_dates_may_be_milliseconds(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary())
        await index_dao.update_workflow("w1", Raw(b'{"endTime":1700000000123}'))
        assert await index_dao.get("w1", "endTime") == Raw(b'"2023-11-14T22:13:20.123Z"')
        assert (await workflow_entry(index_dao)).end_time == 1_700_000_000_123  # type: ignore[union-attr]

    async def test_nothing_to_set(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary())
        await index_dao.update_workflow("w1", Raw(b"{}"))
        assert await workflow_entry(index_dao) == make_workflow_summary()

    async def test_without_an_entry(self, index_dao: IndexDAO) -> None:
        with pytest.raises(NotFoundError) as caught:
            await index_dao.update_workflow("w1", Raw(b'{"archived":true}'))
        assert caught.value.name == "w1"
        with pytest.raises(NotFoundError) as caught:
            await index_dao.update_task("w1", "t1", Raw(b'{"archived":true}'))
        assert caught.value.name == "t1"
        assert await index_dao.get_workflow_count() == 0

    async def test_a_task_of_another_workflow_has_none(self, index_dao: IndexDAO) -> None:
        await index_dao.index_task(make_task_summary(workflow_id="other"))
        with pytest.raises(NotFoundError):
            await index_dao.update_task("w1", "t1", Raw(b'{"status":"FAILED"}'))
        assert (await task_entry(index_dao)).status == "SCHEDULED"  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        "fields", ["[]", "{", '{"workflowId":"w2"}', '{"version":"1"}', '{"startTime":"soon"}']
    )
    async def test_what_an_entry_can_not_hold(self, index_dao: IndexDAO, fields: str) -> None:
        await index_dao.index_workflow(make_workflow_summary())
        with pytest.raises(InvalidArgumentError) as caught:
            await index_dao.update_workflow("w1", Raw(fields.encode()))
        assert caught.value.field == "fields_json"
        assert await workflow_entry(index_dao) == make_workflow_summary()


class TestRemove:
    async def test_a_workflow_and_not_its_tasks(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary())
        await index_dao.index_task(make_task_summary())
        assert await index_dao.remove_workflow("w1") is True
        assert await index_dao.remove_workflow("w1") is False
        assert await workflow_entry(index_dao) is None
        assert await task_entry(index_dao) is not None

    async def test_an_archived_workflow_too(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary(archived=True))
        assert await index_dao.remove_workflow("w1") is True

    async def test_a_task(self, index_dao: IndexDAO) -> None:
        await index_dao.index_task(make_task_summary())
        await index_dao.index_task(make_task_summary("t2"))
        assert await index_dao.remove_task("w1", "t1") is True
        assert await index_dao.remove_task("w1", "t1") is False
        assert (await index_dao.search_tasks()).results == ("t2",)

    async def test_not_a_task_of_another_workflow(self, index_dao: IndexDAO) -> None:
        await index_dao.index_task(make_task_summary(workflow_id="other"))
        assert await index_dao.remove_task("w1", "t1") is False
        assert await task_entry(index_dao) is not None

    async def test_accepted_does_not_know_yet(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary())
        await index_dao.index_task(make_task_summary())
        assert await index_dao.remove_workflow("w1", wait=Wait.ACCEPTED) is None
        assert await index_dao.remove_task("w1", "t1", wait=Wait.ACCEPTED) is None

        async def is_gone() -> bool:
            return await workflow_entry(index_dao) is None and await task_entry(index_dao) is None

        await eventually(is_gone)

    async def test_indexed_again_it_is_there(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary())
        await index_dao.remove_workflow("w1")
        await index_dao.index_workflow(make_workflow_summary(status="PAUSED"))
        assert await workflow_entry(index_dao) == make_workflow_summary(status="PAUSED")


class TestGet:
    async def test_a_field_as_json(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary(version=3, failed_task_names=("a",)))
        assert await index_dao.get("w1", "status") == Raw(b'"RUNNING"')
        assert await index_dao.get("w1", "version") == Raw(b"3")
        assert await index_dao.get("w1", "failedTaskNames") == Raw(b'["a"]')
        assert await index_dao.get("w1", "startTime") == Raw(b'"2023-11-14T22:13:20.000Z"')

    async def test_an_archived_execution(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary())
        text = '{"workflowId":"w1","tasks":[],"x":"é"}'
        await index_dao.update_workflow("w1", to_raw({"rawJSON": text, "archived": True}))
        found = await index_dao.get("w1", "rawJSON")
        assert found is not None
        assert json.loads(raw_text(found)) == text
        assert await workflow_entry(index_dao) == make_workflow_summary(archived=True)

    async def test_nothing_there(self, index_dao: IndexDAO) -> None:
        assert await index_dao.get("w1", "status") is None
        await index_dao.index_workflow(make_workflow_summary())
        assert await index_dao.get("w1", "correlationId") is None
        assert await index_dao.get("w1", "no.such'field") is None


class TestTaskExecutionLogs:
    async def test_come_oldest_first(self, index_dao: IndexDAO) -> None:
        lines = [
            TaskExecLog(id=f"l{at}", task_id="t1", log=f"line {at} ✓", created_time=at)
            for at in (3, 1, 2)
        ]
        other = TaskExecLog(id="o", task_id="t2", log="other", created_time=0)
        await index_dao.add_task_execution_logs([*lines, other])
        assert await index_dao.get_task_execution_logs("t1") == [lines[1], lines[2], lines[0]]

    async def test_at_most_so_many(self, index_dao: IndexDAO) -> None:
        lines = [TaskExecLog(task_id="t1", log=str(at), created_time=at) for at in range(30)]
        await index_dao.add_task_execution_logs(lines)
        found = await index_dao.get_task_execution_logs("t1", count=25)
        assert [line.log for line in found] == [str(at) for at in range(25)]
        assert len(await index_dao.get_task_execution_logs("t1", count=10_000)) == 30

    async def test_a_repeat_adds_nothing(self, index_dao: IndexDAO) -> None:
        line = TaskExecLog(id="l1", task_id="t1", log="a", created_time=1)
        for _ in range(2):
            await index_dao.add_task_execution_logs([line])
        assert await index_dao.get_task_execution_logs("t1") == [line]

    async def test_what_is_unset_is_made_up(self, index_dao: IndexDAO) -> None:
        before = time.time_ns() // 1_000_000
        for _ in range(2):
            await index_dao.add_task_execution_logs([TaskExecLog(task_id="t1", log="same")])
        first, second = await index_dao.get_task_execution_logs("t1")
        assert first.id
        assert first.id != second.id
        assert isinstance(first.created_time, int)
        assert before <= first.created_time <= time.time_ns() // 1_000_000

    async def test_a_line_without_text(self, index_dao: IndexDAO) -> None:
        line = TaskExecLog(id="l1", task_id="t1", created_time=1)
        await index_dao.add_task_execution_logs([line])
        assert await index_dao.get_task_execution_logs("t1") == [line]

    async def test_none_added_and_none_there(self, index_dao: IndexDAO) -> None:
        await index_dao.add_task_execution_logs([])
        assert await index_dao.get_task_execution_logs("t1") == []

    async def test_one_line_that_is_wrong_stores_none(self, index_dao: IndexDAO) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await index_dao.add_task_execution_logs([TaskExecLog(task_id="t1"), TaskExecLog()])
        assert caught.value.field == "logs[1].task_id"
        assert await index_dao.get_task_execution_logs("t1") == []


class TestEventExecutions:
    async def test_come_oldest_first(self, index_dao: IndexDAO) -> None:
        executions = [
            make_event_execution(f"e{at}", created=at, output=Raw(b'{ "a": 1.00 }'))
            for at in (3, 1, 2)
        ]
        for execution in executions:
            await index_dao.add_event_execution(execution)
        found = await index_dao.get_event_executions("sqs:orders")
        assert [execution.id for execution in found] == ["e1", "e2", "e3"]
        few = await index_dao.get_event_executions("sqs:orders", count=2)
        assert [execution.id for execution in few] == ["e1", "e2"]
        assert await index_dao.get_event_executions("other") == []

    async def test_the_same_four_replace(self, index_dao: IndexDAO) -> None:
        for status in (EventExecutionStatus.IN_PROGRESS, EventExecutionStatus.COMPLETED):
            await index_dao.add_event_execution(make_event_execution(status=status))
        (found,) = await index_dao.get_event_executions("sqs:orders")
        assert found == make_event_execution(status=EventExecutionStatus.COMPLETED)


class TestMessages:
    async def test_come_oldest_first(self, index_dao: IndexDAO) -> None:
        messages = [
            IndexedMessage(
                message_id=f"m{at}", queue_name="q1", payload=f'{{"a":{at}}}', created_time=at
            )
            for at in (3, 1, 2)
        ]
        for message in messages:
            await index_dao.add_message(message)
        found = await index_dao.get_messages("q1")
        assert found == [messages[1], messages[2], messages[0]]
        assert await index_dao.get_messages("q1", count=1) == found[:1]
        assert await index_dao.get_messages("q2") == []

    async def test_the_same_queue_and_id_replace(self, index_dao: IndexDAO) -> None:
        for payload in ("a", "b"):
            await index_dao.add_message(
                IndexedMessage(message_id="m1", queue_name="q1", payload=payload)
            )
        await index_dao.add_message(IndexedMessage(message_id="m1", queue_name="q2"))
        (found,) = await index_dao.get_messages("q1")
        assert found.payload == "b"
        assert isinstance(found.created_time, int)
        assert len(await index_dao.get_messages("q2")) == 1


Call = Callable[[IndexDAO], Awaitable[Any]]

REFUSED: list[tuple[Call, str]] = [
    (lambda dao: dao.index_workflow(WorkflowSummary()), "workflow.workflow_id"),
    (lambda dao: dao.index_workflow(make_workflow_summary(priority=100)), "workflow.priority"),
    (lambda dao: dao.index_workflow(make_workflow_summary(end_time=-1)), "workflow.end_time"),
    (lambda dao: dao.index_task(TaskSummary(task_id="t1")), "task.workflow_id"),
    (lambda dao: dao.index_task(make_task_summary(start_time=-1)), "task.start_time"),
    (lambda dao: dao.update_workflow("", Raw(b"{}")), "workflow_id"),
    (lambda dao: dao.update_task("w1", "", Raw(b"{}")), "task_id"),
    (lambda dao: dao.remove_workflow("a\x00b"), "workflow_id"),
    (lambda dao: dao.remove_task("w1", "é" * 513), "task_id"),
    (lambda dao: dao.get("", "status"), "workflow_id"),
    (lambda dao: dao.get("w1", ""), "field"),
    (lambda dao: dao.add_task_execution_logs([TaskExecLog(task_id="t")] * 1_001), "logs"),
    (lambda dao: dao.get_task_execution_logs(""), "task_id"),
    (lambda dao: dao.get_task_execution_logs("t1", count=0), "count"),
    (lambda dao: dao.get_task_execution_logs("t1", count=10_001), "count"),
    (lambda dao: dao.add_event_execution(EventExecution()), "event_execution.name"),
    (lambda dao: dao.get_event_executions(""), "event"),
    (lambda dao: dao.get_event_executions("e", count=0), "count"),
    (lambda dao: dao.add_message(IndexedMessage(message_id="m1")), "message.queue_name"),
    (lambda dao: dao.get_messages(""), "queue_name"),
    (lambda dao: dao.get_messages("q1", count=10_001), "count"),
    (lambda dao: dao.search_archivable_workflows(-1), "archive_ttl_days"),
]


@pytest.mark.parametrize(("call", "field"), REFUSED)
async def test_a_field_that_is_missing_or_wrong_is_named(
    index_dao: IndexDAO, call: Call, field: str
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await call(index_dao)
    assert caught.value.field == field
