"""Large answers on the wire: serialized record by record, they are the same messages."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.protobuf.message import Message

from podium.v1 import execution_tasks_pb2, execution_workflows_pb2, queue_messages_pb2, task_pb2
from podium_core.errors import ResultTooLargeError
from podium_protocol.rpcs import RPCS, Kind
from podium_server.interceptors.large_answers import LargeAnswers

MIB = 1024 * 1024
TASKS = [
    task_pb2.Task(task_id=f"t{at}", input_data_json="é" * at, seq=at)
    for at in (0, 1, 60, 200, 9_000)
]
ANSWERS: list[Message] = [
    execution_tasks_pb2.GetTasksResponse(tasks=TASKS),
    execution_tasks_pb2.GetTasksResponse(),
    execution_tasks_pb2.GetTaskResponse(task=TASKS[3]),
    execution_workflows_pb2.GetWorkflowResponse(
        workflow={
            "workflow_id": "w",
            "input_json": "x" * 300,
            "tasks": TASKS,
            "task_to_domain": {"a": "b", "*": "c"},
            "failed_task_names": ["a", "b"],
        },
        source=execution_workflows_pb2.WORKFLOW_SOURCE_ARCHIVE,
    ),
    execution_workflows_pb2.GetWorkflowResponse(
        source=execution_workflows_pb2.WORKFLOW_SOURCE_PRIMARY
    ),
    execution_workflows_pb2.GetWorkflowsResponse(
        workflows=[{"workflow_id": "a", "tasks": TASKS}, {"workflow_id": "b"}],
        resume_token="r",
        unreadable_ids=["c", "d"],
    ),
    queue_messages_pb2.QueuesDetailResponse(sizes={"a": 1, "b": 2}),
]


async def serialized(answer: Any, most_bytes: int = 32 * MIB) -> bytes:
    return await LargeAnswers(type(answer), most_bytes).serialize(answer)


def copy_of(answer: Any) -> Any:
    return type(answer).FromString(answer.SerializeToString())


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
async def test_the_answer_is_the_same(answer: Any) -> None:
    data = await serialized(copy_of(answer))
    assert type(answer).FromString(data) == answer


@pytest.mark.parametrize(
    "entry", [e for e in RPCS.values() if e.kind is Kind.UNARY], ids=lambda e: e.label
)
async def test_the_answer_of_every_rpc_is_the_same(entry: Any) -> None:
    answer = _filled(entry.response())
    assert entry.response.FromString(await serialized(copy_of(answer))) == answer


def _filled(message: Any, depth: int = 4) -> Any:
    """The message with a value in each field, down to some depth."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type is None:
            value = {"string": "é"}.get(_kind(field), 1)
            if field.is_repeated:
                getattr(message, field.name).extend([value, value])
            else:
                setattr(message, field.name, value)
        elif field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is None:
                key = getattr(message, field.name)
                key["k"] = (
                    "v" if _kind(field.message_type.fields_by_name["value"]) == "string" else 7
                )
        elif depth and field.is_repeated:
            for _ in range(2):
                _filled(getattr(message, field.name).add(), depth - 1)
        elif depth:
            _filled(getattr(message, field.name), depth - 1)
    return message


def _kind(field: Any) -> str:
    return "string" if field.cpp_type == field.CPPTYPE_STRING else "other"


@pytest.mark.parametrize("answer", [ANSWERS[0], ANSWERS[3], ANSWERS[5]])
async def test_the_limit_is_that_of_the_whole_answer(answer: Any) -> None:
    size = len(await serialized(copy_of(answer)))
    assert await serialized(copy_of(answer), size)
    with pytest.raises(ResultTooLargeError):
        await serialized(copy_of(answer), size - 1)


async def test_others_run_between_records() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    record = task_pb2.Task(input_data_json="x" * 4 * MIB)
    answer = execution_tasks_pb2.GetTasksResponse(tasks=[record] * 16)
    counting = asyncio.create_task(count())
    await serialized(answer, 128 * MIB)
    counting.cancel()
    assert turns > 3
