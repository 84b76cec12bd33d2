"""The facts of a stored document: of one that another program wrote, or whose facts a store doesn't keep."""

from __future__ import annotations

from msgspec import UNSET

from podium_core.decide.facts import TaskFacts, WorkflowFacts
from podium_core.limits import has_embedded_concurrency_limit
from podium_core.models import Task, Workflow
from podium_core.models.queue_name import task_queue_name
from podium_core.write_set.builders import payload_keys_of
from podium_core.write_set.document import workflow_definition_identity
from podium_core.write_set.write_set import Slot


def workflow_facts_of(workflow: Workflow) -> WorkflowFacts:
    """The facts that follow from a workflow's document alone: as if it had no removal record."""
    name, version = workflow_definition_identity(workflow)
    status = None if workflow.status is UNSET else workflow.status
    return WorkflowFacts(
        stamp=0 if workflow.updated_time is UNSET else workflow.updated_time,
        name=name if isinstance(name, str) else "",
        version=version if isinstance(version, int) else 1,
        status=status,
        correlation_id=None if workflow.correlation_id is UNSET else workflow.correlation_id,
        create_time=0 if workflow.create_time is UNSET else workflow.create_time,
        pending=status is None or not status.is_terminal,
        listed=True,
        payload_keys=payload_keys_of(workflow, _text(workflow.workflow_id)),
    )


def task_facts_of(task: Task) -> TaskFacts:
    """The facts that follow from a task's document alone: as if its workflow had no removal record."""
    workflow_id = _text(task.workflow_instance_id)
    status = None if task.status is UNSET else task.status
    return TaskFacts(
        workflow_id=workflow_id,
        stamp=task.update_time,
        definition_name=task.definition_name,
        status=status,
        pending=status is not None and not status.is_terminal,
        limited=has_embedded_concurrency_limit(task),
        queue_name=task_queue_name(task),
        payload_keys=payload_keys_of(task, workflow_id),
        slot=Slot(_text(task.reference_task_name), task.retry_count),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
