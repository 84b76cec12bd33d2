"""The writes of IndexDAO, on an adapter that keeps what it is given."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from msgspec import Raw

from podium_core.errors import InvalidArgumentError, NotFoundError
from podium_core.index import (
    EntryKind,
    IndexChange,
    IndexOutcome,
    IndexWrites,
    Merge,
    Put,
    Remove,
)
from podium_core.index.dates import MAX_TIME
from podium_core.models import (
    EventExecution,
    IndexedMessage,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)

NOW = 1_700_000_000_123


class Kept(IndexWrites):
    """Keeps changes, and answers what it is told to."""

    clock = staticmethod(lambda: NOW)

    def __init__(self, outcome: IndexOutcome = IndexOutcome.WRITTEN) -> None:
        self.outcome = outcome
        self.changes: list[IndexChange] = []
        self.waits: list[Wait] = []

    async def task_ids(self, workflow_id: str, *, after: str = "", limit: int = 1_000) -> list[str]:
        return [id_ for id_ in ("t1", "t2") if id_ > after]

    async def write(self, changes: Sequence[IndexChange], *, wait: Wait) -> list[IndexOutcome]:
        self.changes += changes
        self.waits.append(wait)
        return [self.outcome] * len(changes)


def document(change: IndexChange) -> Any:
    assert isinstance(change.action, Put)
    return json.loads(bytes(change.action.document))


class TestPuts:
    async def test_a_workflow(self) -> None:
        kept = Kept()
        await kept.index_workflow(WorkflowSummary(workflow_id="w", start_time=0))
        (change,) = kept.changes
        assert (change.kind, change.id, kept.waits) == (EntryKind.WORKFLOW, "w", [Wait.INDEXED])
        assert document(change)["startTime"] == "1970-01-01T00:00:00.000Z"

    async def test_a_task(self) -> None:
        kept = Kept(IndexOutcome.ACCEPTED)
        await kept.index_task(TaskSummary(task_id="t", workflow_id="w"), wait=Wait.ACCEPTED)
        (change,) = kept.changes
        assert (change.kind, change.id, kept.waits) == (EntryKind.TASK, "t", [Wait.ACCEPTED])
        assert document(change) == {"taskId": "t", "workflowId": "w"}

    async def test_an_event_execution(self) -> None:
        kept = Kept()
        await kept.add_event_execution(
            EventExecution(name="h", event="sqs:q", message_id="m", id="e")
        )
        assert (kept.changes[0].kind, kept.changes[0].id) == (EntryKind.EVENT, "h.sqs:q.m.e")

    async def test_a_message_gets_the_time(self) -> None:
        kept = Kept()
        await kept.add_message(IndexedMessage(message_id="m", queue_name="q", payload="x"))
        assert document(kept.changes[0]) == {
            "messageId": "m",
            "payload": "x",
            "queue": "q",
            "created": NOW,
        }

    async def test_a_messages_own_time_stays(self) -> None:
        kept = Kept()
        await kept.add_message(IndexedMessage(message_id="m", queue_name="q", created_time=7))
        assert document(kept.changes[0])["created"] == 7

    async def test_log_lines_go_in_one_call_and_get_ids_and_times(self) -> None:
        kept = Kept()
        lines = [
            TaskExecLog(task_id="t", log="a"),
            TaskExecLog(task_id="t", log="b"),
            TaskExecLog(id="l3", task_id="u", created_time=5),
        ]
        await kept.add_task_execution_logs(lines)
        assert len(kept.waits) == 1
        first, second, third = kept.changes
        assert len({first.id, second.id, third.id}) == 3
        assert document(first) == {"log": "a", "taskId": "t", "createdTime": NOW}
        assert (third.id, document(third)) == ("l3", {"taskId": "u", "createdTime": 5})

    async def test_of_two_lines_of_one_id_the_later_one_stays(self) -> None:
        kept = Kept()
        lines = [TaskExecLog(id="l1", task_id="t", log=text, created_time=1) for text in "ab"]
        await kept.add_task_execution_logs(lines)
        (change,) = kept.changes
        assert document(change)["log"] == "b"

    async def test_no_lines_are_no_write(self) -> None:
        kept = Kept()
        await kept.add_task_execution_logs([])
        assert kept.waits == []


class TestMerges:
    async def test_a_workflow(self) -> None:
        kept = Kept()
        await kept.update_workflow("w", Raw(b'{ "archived":true, "new":1.00}'))
        action = Merge(Raw(b'{ "archived":true, "new":1.00}'))
        assert kept.changes == [IndexChange(EntryKind.WORKFLOW, "w", action)]

    async def test_a_task_of_its_workflow(self) -> None:
        kept = Kept()
        await kept.update_task("w", "t", Raw(b'{"workflowId":"w","taskId":"t"}'))
        action = Merge(Raw(b'{"workflowId":"w","taskId":"t"}'), "w")
        assert kept.changes == [IndexChange(EntryKind.TASK, "t", action)]

    @pytest.mark.parametrize(
        ("value", "date"),
        [
            ("1700000000123", "2023-11-14T22:13:20.123Z"),
            ('"2023-11-14T22:13:20.123Z"', "2023-11-14T22:13:20.123Z"),
            ('"2023-11-14"', "2023-11-14T00:00:00.000Z"),
            ('"2023-11-14T23:13:20+01:00"', "2023-11-14T22:13:20.000Z"),
            ("0", "1970-01-01T00:00:00.000Z"),
        ],
    )
    async def test_dates_are_stored_in_one_form(self, value: str, date: str) -> None:
        kept = Kept()
        await kept.update_workflow("w", Raw(b'{"x":1.00,"endTime":%b}' % value.encode()))
        (change,) = kept.changes
        assert isinstance(change.action, Merge)
        assert bytes(change.action.fields) == b'{"x":1.00,"endTime":"%b"}' % date.encode()

    async def test_without_an_entry(self) -> None:
        absent = Kept(IndexOutcome.ABSENT)
        with pytest.raises(NotFoundError, match="workflow entry 'w'"):
            await absent.update_workflow("w", Raw(b"{}"))
        with pytest.raises(NotFoundError, match="task entry 't'"):
            await absent.update_task("w", "t", Raw(b"{}"))

    async def test_accepted_is_enough(self) -> None:
        accepted = Kept(IndexOutcome.ACCEPTED)
        await accepted.update_workflow("w", Raw(b"{}"), wait=Wait.ACCEPTED)
        await accepted.update_task("w", "t", Raw(b"{}"), wait=Wait.ACCEPTED)

    @pytest.mark.parametrize(
        "fields",
        [
            "",
            "[]",
            "null",
            '{"a":NaN}',
            '{"a":"\\ud80"}',
            '{"a":' + "[" * 512 + "]" * 512 + "}",
            '{"workflowId":"other"}',
            '{"workflowId":null}',
            '{"version":"1"}',
            '{"version":99999999999}',
            '{"status":null}',
            '{"input":{}}',
            '{"archived":"yes"}',
            '{"failedTaskNames":[1]}',
            '{"startTime":"soon"}',
            '{"startTime":-1}',
            '{"startTime":1e400}',
            '{"startTime":9223372036854775807}',
            '{"startTime":null}',
            '{"podium:extra":{}}',
        ],
    )
    async def test_what_an_entry_can_not_hold(self, fields: str) -> None:
        kept = Kept()
        with pytest.raises(InvalidArgumentError) as caught:
            await kept.update_workflow("w", Raw(fields.encode()))
        assert caught.value.field == "fields_json"
        assert kept.changes == []

    @pytest.mark.parametrize("fields", ['{"taskId":"u"}', '{"workflowId":"v"}'])
    async def test_a_task_keeps_its_ids(self, fields: str) -> None:
        with pytest.raises(InvalidArgumentError, match="keeps its id"):
            await Kept().update_task("w", "t", Raw(fields.encode()))


class TestRemoves:
    async def test_a_workflows_entry_goes_after_those_of_its_tasks(self) -> None:
        kept = Kept()
        await kept.remove_workflow("w", include_tasks=True)
        assert kept.changes == [
            IndexChange(EntryKind.TASK, "t1", Remove("w")),
            IndexChange(EntryKind.TASK, "t2", Remove("w")),
            IndexChange(EntryKind.WORKFLOW, "w", Remove()),
        ]

    @pytest.mark.parametrize(
        ("outcome", "removed"),
        [
            (IndexOutcome.WRITTEN, True),
            (IndexOutcome.ABSENT, False),
            (IndexOutcome.ACCEPTED, None),
        ],
    )
    async def test_say_whether_it_was_there(
        self, outcome: IndexOutcome, removed: bool | None
    ) -> None:
        kept = Kept(outcome)
        assert await kept.remove_workflow("w") is removed
        assert await kept.remove_task("w", "t") is removed
        assert kept.changes == [
            IndexChange(EntryKind.WORKFLOW, "w", Remove()),
            IndexChange(EntryKind.TASK, "t", Remove("w")),
        ]


Call = Callable[[Kept], Awaitable[Any]]

REFUSED: list[tuple[Call, str]] = [
    (lambda to: to.index_workflow(WorkflowSummary()), "workflow.workflow_id"),
    (lambda to: to.index_workflow(WorkflowSummary(workflow_id="a\x00")), "workflow.workflow_id"),
    (
        lambda to: to.index_workflow(WorkflowSummary(workflow_id="w", priority=100)),
        "workflow.priority",
    ),
    (
        lambda to: to.index_workflow(WorkflowSummary(workflow_id="w", end_time=-1)),
        "workflow.end_time",
    ),
    (
        lambda to: to.index_workflow(WorkflowSummary(workflow_id="w", end_time=MAX_TIME + 1)),
        "workflow.end_time",
    ),
    (
        lambda to: to.index_workflow(WorkflowSummary(workflow_id="w", input_size=-1)),
        "workflow.input_size",
    ),
    (
        lambda to: to.index_workflow(WorkflowSummary(workflow_id="w", extra=Raw(b"[]"))),
        "workflow.extra_json",
    ),
    (lambda to: to.index_task(TaskSummary(workflow_id="w")), "task.task_id"),
    (lambda to: to.index_task(TaskSummary(task_id="t")), "task.workflow_id"),
    (
        lambda to: to.index_task(TaskSummary(task_id="t", workflow_id="w", start_time=-1)),
        "task.start_time",
    ),
    (
        lambda to: to.index_task(TaskSummary(task_id="t", workflow_id="w", workflow_priority=-1)),
        "task.workflow_priority",
    ),
    (lambda to: to.update_workflow("", Raw(b"{}")), "workflow_id"),
    (lambda to: to.update_task("", "t", Raw(b"{}")), "workflow_id"),
    (lambda to: to.update_task("w", "", Raw(b"{}")), "task_id"),
    (lambda to: to.remove_workflow(""), "workflow_id"),
    (lambda to: to.remove_task("w", ""), "task_id"),
    (lambda to: to.remove_task("", "t"), "workflow_id"),
    (lambda to: to.add_task_execution_logs([TaskExecLog(task_id="t")] * 1_001), "logs"),
    (
        lambda to: to.add_task_execution_logs([TaskExecLog(task_id="t"), TaskExecLog()]),
        "logs[1].task_id",
    ),
    (lambda to: to.add_task_execution_logs([TaskExecLog(task_id="t", id="")]), "logs[0].id"),
    (
        lambda to: to.add_task_execution_logs([TaskExecLog(task_id="t", created_time=-1)]),
        "logs[0].created_time",
    ),
    (lambda to: to.add_event_execution(EventExecution()), "event_execution.name"),
    (lambda to: to.add_message(IndexedMessage(queue_name="q")), "message.message_id"),
    (lambda to: to.add_message(IndexedMessage(message_id="m")), "message.queue_name"),
]


@pytest.mark.parametrize(("call", "field"), REFUSED)
async def test_a_field_that_is_missing_or_wrong_is_named(call: Call, field: str) -> None:
    kept = Kept()
    with pytest.raises(InvalidArgumentError) as caught:
        await call(kept)
    assert caught.value.field == field
    assert kept.changes == []
