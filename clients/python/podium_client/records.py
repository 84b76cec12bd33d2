"""Records to messages of requests, and answers to records.

A value that this client can't read is never taken for another value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

import msgspec

from podium.v1 import (
    event_pb2,
    execution_workflows_pb2,
    poll_data_pb2,
    search_pb2,
    task_pb2,
    workflow_pb2,
)
from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.execution_service import FoundWorkflow
from podium_core.models import (
    EventExecution,
    Page,
    PollData,
    Task,
    TaskSummary,
    Workflow,
    WorkflowSummary,
)
from podium_protocol import codec

M = TypeVar("M")
T = TypeVar("T")


class Chunk(Protocol):
    """The fields of every chunk of a stream."""

    @property
    def resume_token(self) -> str: ...
    @property
    def unreadable_ids(self) -> Sequence[str]: ...


def page(items: Iterable[T], chunk: Chunk) -> Page[T]:
    """A chunk's items as a Page."""
    return Page(
        items=tuple(items),
        resume_token=chunk.resume_token,
        unreadable_ids=tuple(chunk.unreadable_ids),
    )


def task(message: task_pb2.Task) -> Task:
    """A task that a server answered with."""
    return _read(codec.task_from_proto, message, "task", message.task_id)


def workflow(message: workflow_pb2.Workflow) -> Workflow:
    """A workflow that a server answered with."""
    return _read(codec.workflow_from_proto, message, "workflow", message.workflow_id)


def found_workflow(response: execution_workflows_pb2.GetWorkflowResponse) -> FoundWorkflow:
    """A workflow that a server answered with, and where it was read from."""
    try:
        return codec.found_workflow_from_proto(response)
    except InvalidArgumentError as error:
        raise CorruptRecordError(
            "workflow", response.workflow.workflow_id, f"the answer isn't for this client: {error}"
        ) from error


def poll_data(message: poll_data_pb2.PollData) -> PollData:
    """Poll data that a server answered with."""
    return _read(codec.poll_data_from_proto, message, "poll data", message.queue_name)


def event_execution(message: event_pb2.EventExecution) -> EventExecution:
    """An event execution that a server answered with."""
    return _read(codec.event_execution_from_proto, message, "event execution", message.id)


def workflow_summary(message: search_pb2.WorkflowSummary) -> WorkflowSummary:
    """An entry of a workflow that a server answered with."""
    return _read(codec.workflow_summary_from_proto, message, "workflow entry", message.workflow_id)


def task_summary(message: search_pb2.TaskSummary) -> TaskSummary:
    """An entry of a task that a server answered with."""
    return _read(codec.task_summary_from_proto, message, "task entry", message.task_id)


def _read(convert: Callable[[M, str], T], message: M, kind: str, name: str) -> T:
    try:
        return convert(message, "")
    except InvalidArgumentError as error:
        raise CorruptRecordError(
            kind, name, f"the answer isn't for this client: {error}"
        ) from error


def below(path: str, convert: Callable[[T], M], record: T) -> M:
    """A record as a message of a request.

    Raises:
        InvalidArgumentError: It can't be one; the field is named below ``path``.
    """
    try:
        return convert(record)
    except InvalidArgumentError as error:
        raise (error.under(path) if path else error) from None
    except (ValueError, TypeError) as error:
        raise InvalidArgumentError(path, str(error)) from error


def each_below(path: str, convert: Callable[[T], M], records: Iterable[T]) -> list[M]:
    """Records as messages of a request. Raises as ``below``."""
    return [below(f"{path}[{at}]", convert, record) for at, record in enumerate(records)]


def task_message(task: Task) -> task_pb2.Task:
    """A task to send."""
    return below("task", codec.task_to_proto, task)


def workflow_message(workflow: Workflow) -> workflow_pb2.Workflow:
    """A workflow to send, without its tasks, which no write looks at."""
    bare = msgspec.structs.replace(workflow, tasks=()) if workflow.tasks else workflow
    return below("workflow", codec.workflow_to_proto, bare)


def event_execution_message(event_execution: EventExecution) -> event_pb2.EventExecution:
    """An event execution to send."""
    return below("event_execution", codec.event_execution_to_proto, event_execution)
