"""Small records for tests: what a test doesn't say is a sensible default."""

from __future__ import annotations

from typing import Any

from podium_core.models import (
    EventExecution,
    Task,
    TaskStatus,
    TaskSummary,
    Workflow,
    WorkflowStatus,
    WorkflowSummary,
)
from podium_core.models.json_text import to_raw


def make_workflow(
    workflow_id: str = "w1", *, name: str = "order", version: int = 1, **fields: Any
) -> Workflow:
    """A running workflow with an embedded definition."""
    fields.setdefault("status", WorkflowStatus.RUNNING)
    definition = to_raw({"name": name, "version": version, "tasks": []})
    return Workflow(workflow_id=workflow_id, workflow_definition=definition, **fields)


def make_task(
    task_id: str = "t1",
    *,
    workflow_id: str = "w1",
    definition_name: str = "encode",
    concurrency_limit: int = 0,
    **fields: Any,
) -> Task:
    """A scheduled task whose reference name is its id."""
    fields.setdefault("status", TaskStatus.SCHEDULED)
    fields.setdefault("reference_task_name", task_id)
    if concurrency_limit:
        definition = {"name": definition_name, "concurrentExecLimit": concurrency_limit}
        fields.setdefault(
            "workflow_task", to_raw({"name": definition_name, "taskDefinition": definition})
        )
    return Task(
        task_id=task_id,
        workflow_instance_id=workflow_id,
        task_type=definition_name,
        task_def_name=definition_name,
        **fields,
    )


def make_event_execution(id_: str = "e1", **fields: Any) -> EventExecution:
    """An event execution of one handler, event and message."""
    fields.setdefault("created", 1_700_000_000_000)
    return EventExecution(id=id_, message_id="m1", name="handler", event="sqs:orders", **fields)


def make_workflow_summary(workflow_id: str = "w1", **fields: Any) -> WorkflowSummary:
    """The entry of a running workflow."""
    fields.setdefault("workflow_type", "order")
    fields.setdefault("status", "RUNNING")
    fields.setdefault("start_time", 1_700_000_000_000)
    return WorkflowSummary(workflow_id=workflow_id, **fields)


def make_task_summary(
    task_id: str = "t1", *, workflow_id: str = "w1", **fields: Any
) -> TaskSummary:
    """The entry of a scheduled task."""
    fields.setdefault("task_type", "encode")
    fields.setdefault("status", "SCHEDULED")
    for time in ("scheduled_time", "start_time", "update_time", "end_time"):
        fields.setdefault(time, 0)
    return TaskSummary(task_id=task_id, workflow_id=workflow_id, **fields)
