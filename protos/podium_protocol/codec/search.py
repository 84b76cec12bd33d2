"""What the index holds: entries of workflows and tasks, lines of logs, messages of event queues; and what writes wait for.

The codecs of entries are as those of ``records``, times as milliseconds on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from msgspec import UNSET

from podium.v1 import index_messages_pb2, search_pb2
from podium_core.index import TASK_ENTRY, WORKFLOW_ENTRY
from podium_core.models import (
    IndexedMessage,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)
from podium_protocol.codec.compiler import compile_table, member_of
from podium_protocol.codec.field_table import enum_table, record_table

_workflow = compile_table(record_table(WORKFLOW_ENTRY, search_pb2.WorkflowSummary))
workflow_summary_to_proto: Callable[[WorkflowSummary], search_pb2.WorkflowSummary] = (
    _workflow.to_proto
)
workflow_summary_from_proto: Callable[[search_pb2.WorkflowSummary, str], WorkflowSummary] = (
    _workflow.from_proto
)

_task = compile_table(record_table(TASK_ENTRY, search_pb2.TaskSummary))
task_summary_to_proto: Callable[[TaskSummary], search_pb2.TaskSummary] = _task.to_proto
task_summary_from_proto: Callable[[search_pb2.TaskSummary, str], TaskSummary] = _task.from_proto

_waits = enum_table(Wait, index_messages_pb2.Wait.DESCRIPTOR)


def wait_to_proto(wait: Wait) -> index_messages_pb2.Wait:
    """What a write waits for."""
    return cast("index_messages_pb2.Wait", _waits.numbers[wait.value])


def wait_from_proto(number: int, field: str = "wait") -> Wait:
    """What a write waits for; unspecified is INDEXED.

    Raises:
        InvalidArgumentError: The enum has no such number.
    """
    if number == index_messages_pb2.WAIT_UNSPECIFIED:
        return Wait.INDEXED
    return Wait(member_of(_waits.members, number, field).value)


def task_log_to_proto(log: TaskExecLog) -> search_pb2.TaskExecLog:
    """A line of a log."""
    return search_pb2.TaskExecLog(
        id=None if log.id is UNSET else log.id,
        task_id=None if log.task_id is UNSET else log.task_id,
        log=None if log.log is UNSET else log.log,
        created_time=None if log.created_time is UNSET else log.created_time,
    )


def task_log_from_proto(message: search_pb2.TaskExecLog) -> TaskExecLog:
    """A line of a log. What it must hold is checked where it is stored."""
    return TaskExecLog(
        id=message.id if message.HasField("id") else UNSET,
        task_id=message.task_id if message.HasField("task_id") else UNSET,
        log=message.log if message.HasField("log") else UNSET,
        created_time=message.created_time if message.HasField("created_time") else UNSET,
    )


def indexed_message_to_proto(message: IndexedMessage) -> search_pb2.IndexedMessage:
    """A message of an event queue."""
    return search_pb2.IndexedMessage(
        message_id=None if message.message_id is UNSET else message.message_id,
        payload=None if message.payload is UNSET else message.payload,
        queue_name=None if message.queue_name is UNSET else message.queue_name,
        created_time=None if message.created_time is UNSET else message.created_time,
    )


def indexed_message_from_proto(message: search_pb2.IndexedMessage) -> IndexedMessage:
    """A message of an event queue. What it must hold is checked where it is stored."""
    return IndexedMessage(
        message_id=message.message_id if message.HasField("message_id") else UNSET,
        payload=message.payload if message.HasField("payload") else UNSET,
        queue_name=message.queue_name if message.HasField("queue_name") else UNSET,
        created_time=message.created_time if message.HasField("created_time") else UNSET,
    )
