"""Refuses ids and names that would share a key with others on Redis."""

from __future__ import annotations

from podium_backends.redis.keys import require_key_part
from podium_core.write_set import WriteSet


def require_key_parts(write_set: WriteSet) -> None:
    """Check the ids and names of what is stored.

    Raises:
        InvalidArgumentError: One ends in a dot, which Conductor cuts off.
    """
    for workflow in write_set.workflow_puts:
        require_key_part(workflow.workflow_id, "workflow.workflow_id")
        require_key_part(workflow.name, "workflow.workflow_definition_json")
    for task in write_set.task_puts:
        if task.task_id[-1] == "." or task.workflow_id[-1] == ".":
            require_key_part(task.task_id, "task.task_id")
            require_key_part(task.workflow_id, "task.workflow_instance_id")
        if task.definition_name[-1:] == ".":
            require_key_part(task.definition_name, "task.task_def_name")
    for event in write_set.event_puts:
        require_key_part(event.message_id, "event_execution.message_id")
