"""Large requests are measured before they are parsed."""

from __future__ import annotations

import pytest

from podium.v1 import commit_pb2, execution_tasks_pb2, execution_workflows_pb2 as workflows_pb2
from podium.v1.task_pb2 import Task
from podium.v1.workflow_pb2 import Workflow
from podium_core.errors import InvalidArgumentError, PayloadTooLargeError
from podium_server.interceptors.large_requests import MAX_FIELDS, LargeRequests

LIMITS = {
    "podium.v1.Task.input_data_json": 30,
    "podium.v1.Task.output_data_json": 30,
    "podium.v1.Workflow.output_json": 40,
}
FITS, LARGE = "é" * 15, "é" * 15 + "x"


async def parsed(request: object) -> object:
    data = request.SerializeToString()  # type: ignore[attr-defined]
    return await LargeRequests(type(request), LIMITS).parse(data)


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*data, value))


class TestPayloads:
    async def test_at_the_limit_they_pass(self) -> None:
        request = execution_tasks_pb2.CreateTasksRequest(
            tasks=[
                Task(input_data_json=FITS, output_data_json=FITS, reason_for_incompletion="x" * 99)
            ]
        )
        assert await parsed(request) == request

    @pytest.mark.parametrize(
        ("request_", "field"),
        [
            (
                execution_tasks_pb2.CreateTasksRequest(
                    tasks=[Task(), Task(input_data_json=FITS), Task(output_data_json=LARGE)]
                ),
                "tasks[2].output_data_json",
            ),
            (
                commit_pb2.CommitRequest(
                    create_tasks=[Task()],
                    update_tasks=[
                        execution_tasks_pb2.UpdateTaskItem(task=Task(task_id="t")),
                        execution_tasks_pb2.UpdateTaskItem(task=Task(input_data_json=LARGE)),
                    ],
                ),
                "update_tasks[1].task.input_data_json",
            ),
            (
                commit_pb2.CommitRequest(create_workflow=Workflow(output_json="x" * 41)),
                "create_workflow.output_json",
            ),
        ],
    )
    async def test_above_it_they_are_refused_by_name(self, request_: object, field: str) -> None:
        with pytest.raises(PayloadTooLargeError) as raised:
            await parsed(request_)
        assert raised.value.field == field
        assert raised.value.size_bytes == raised.value.limit_bytes + 1

    async def test_they_are_measured_before_anything_is_parsed(self) -> None:
        task = Task(input_data_json=LARGE).SerializeToString()
        # Text that isn't UTF-8 is what a parser stumbles over first.
        broken = task.replace("é".encode(), b"\xff\xff")
        data = b"\x0a" + bytes([len(broken)]) + broken
        with pytest.raises(PayloadTooLargeError):
            await LargeRequests(execution_tasks_pb2.CreateTasksRequest, LIMITS).parse(data)

    async def test_tasks_inside_a_workflow_are_ignored_as_ever(self) -> None:
        workflow = Workflow(tasks=[Task(input_data_json=LARGE)])
        request = workflows_pb2.UpdateWorkflowRequest(workflow=workflow)
        assert await parsed(request) == request


class TestItems:
    async def test_fields_of_records_are_no_items(self) -> None:
        # Each is larger than a payload may be, so it is walked over.
        task = Task(task_id="t" * 40, retry_count=1, seq=1, poll_count=1, input_data_json=FITS)
        request = execution_tasks_pb2.CreateTasksRequest(tasks=[task] * (MAX_FIELDS // 4))
        assert await parsed(request) == request

    @pytest.mark.parametrize(
        "data",
        [
            bytes((0x0A, 0x00)) * (MAX_FIELDS + 1),  # the task, again and again
            # One task, with a field that nobody knows, again and again.
            bytes((0x0A,))
            + _varint(15 * (MAX_FIELDS + 1))
            + bytes((0x98, 0x06, 0x00)) * (5 * MAX_FIELDS + 5),
        ],
    )
    async def test_fields_without_end_are_refused(self, data: bytes) -> None:
        with pytest.raises(InvalidArgumentError, match="items and fields"):
            await LargeRequests(execution_tasks_pb2.UpdateTaskRequest, LIMITS).parse(data)

    async def test_too_many_items_are_refused(self) -> None:
        tasks = [Task()] * (MAX_FIELDS + 1)
        with pytest.raises(InvalidArgumentError, match="items and fields"):
            await parsed(execution_tasks_pb2.CreateTasksRequest(tasks=tasks))
