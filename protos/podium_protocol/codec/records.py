"""The codecs of what Conductor stores as documents: tasks, workflows, event executions, poll data.

``<record>_to_proto(record)`` raises InvalidArgumentError for a value that the message can't hold and CorruptRecordError
for text that isn't UTF-8. ``<record>_from_proto(message, path)`` raises InvalidArgumentError with the field's path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from podium.v1 import event_pb2, poll_data_pb2, task_pb2, workflow_pb2
from podium_core.models import EventExecution, PollData, Task, Workflow
from podium_core.models.documents import EVENT_EXECUTION, POLL_DATA, TASK, WORKFLOW
from podium_core.models.task import DERIVED_TASK_FIELDS
from podium_core.models.workflow import DERIVED_WORKFLOW_FIELDS
from podium_protocol.codec.compiler import compile_table, each_from_proto
from podium_protocol.codec.field_table import Nested, record_table

_task = compile_table(
    record_table(
        TASK,
        task_pb2.Task,
        derived=DERIVED_TASK_FIELDS,
        any_json=("input_message", "output_message"),
    )
)
task_to_proto: Callable[[Task], task_pb2.Task] = _task.to_proto
task_from_proto: Callable[[task_pb2.Task, str], Task] = _task.from_proto


def tasks_from_proto(messages: Iterable[task_pb2.Task], path: str) -> list[Task]:
    """The tasks of a repeated field."""
    return each_from_proto(task_from_proto, messages, path)


_workflow_table = record_table(
    WORKFLOW,
    workflow_pb2.Workflow,
    derived=DERIVED_WORKFLOW_FIELDS,
    nested=Nested(task_to_proto, lambda messages, path: tuple(tasks_from_proto(messages, path))),
)
_workflow = compile_table(_workflow_table)
workflow_to_proto: Callable[[Workflow], workflow_pb2.Workflow] = _workflow.to_proto
workflow_from_proto: Callable[[workflow_pb2.Workflow, str], Workflow] = _workflow.from_proto
# Writes ignore the tasks inside a workflow.
workflow_without_tasks_from_proto: Callable[[workflow_pb2.Workflow, str], Workflow] = compile_table(
    _workflow_table, skip=("tasks",)
).from_proto

_event_execution = compile_table(record_table(EVENT_EXECUTION, event_pb2.EventExecution))
event_execution_to_proto: Callable[[EventExecution], event_pb2.EventExecution] = (
    _event_execution.to_proto
)
event_execution_from_proto: Callable[[event_pb2.EventExecution, str], EventExecution] = (
    _event_execution.from_proto
)

_poll_data = compile_table(record_table(POLL_DATA, poll_data_pb2.PollData))
poll_data_to_proto: Callable[[PollData], poll_data_pb2.PollData] = _poll_data.to_proto
poll_data_from_proto: Callable[[poll_data_pb2.PollData, str], PollData] = _poll_data.from_proto
