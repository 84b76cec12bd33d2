"""New workflows and tasks, as Conductor stores them."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from examples.engine.definition_model import WorkflowTask
from podium_core.models import Task, TaskStatus, Workflow, WorkflowDef, WorkflowStatus
from podium_core.models.json_text import to_raw

# Conductor stores a fork under a shorter name than the one in its definition.
_STORED_TYPES = {"FORK_JOIN": "FORK"}


def new_workflow(
    workflow_id: str,
    definition: WorkflowDef,
    input_: Raw,
    *,
    now: int,
    parent: Task | None = None,
) -> Workflow:
    """A workflow that is about to start.

    Args:
        workflow_id: Its id.
        definition: Goes into the workflow, so that a later change of it touches only workflows started later.
        input_: What ``${workflow.input…}`` refers to.
        now: Milliseconds since the epoch.
        parent: The task whose sub-workflow this is.
    """
    return Workflow(
        workflow_id=workflow_id,
        status=WorkflowStatus.RUNNING,
        create_time=now,
        workflow_definition=definition.document,
        input=input_,
        parent_workflow_id=parent.workflow_instance_id if parent else UNSET,
        parent_workflow_task_id=parent.task_id if parent else UNSET,
    )


def new_task(
    workflow: Workflow,
    definition: WorkflowTask,
    input_: Any,
    *,
    seq: int,
    now: int,
    retry_of: Task | None = None,
) -> Task:
    """A task that is about to be scheduled.

    Its id follows from its slot (workflow, reference name, retry): a decision that is repeated makes the same task.
    """
    retry_count = retry_of.retry_count + 1 if retry_of else 0
    simple = definition.type == "SIMPLE"
    task_type = definition.name if simple else _STORED_TYPES.get(definition.type, definition.type)
    task_id = derived_id(workflow.workflow_id, definition.task_reference_name, retry_count)
    return Task(
        task_id=task_id,
        workflow_instance_id=workflow.workflow_id,
        workflow_type=workflow_name(workflow),
        reference_task_name=definition.task_reference_name,
        task_type=task_type,
        task_def_name=task_type,
        status=TaskStatus.SCHEDULED,
        retry_count=retry_count,
        retried_task_id=retry_of.task_id if retry_of else UNSET,
        seq=seq,
        scheduled_time=now,
        workflow_priority=workflow.priority,
        workflow_task=to_raw(definition),
        sub_workflow_id=derived_id(task_id) if definition.type == "SUB_WORKFLOW" else UNSET,
        input_data=to_raw(input_),
    )


def derived_id(*parts: object) -> str:
    """An id that is the same whenever it is made of the same parts."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, parts))))


def workflow_name(workflow: Workflow) -> str:
    """The name of the workflow's definition."""
    assert workflow.workflow_definition is not UNSET
    return msgspec.json.decode(workflow.workflow_definition, type=_Named).name


class _Named(msgspec.Struct):
    name: str
