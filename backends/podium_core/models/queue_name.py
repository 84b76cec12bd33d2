"""The name of the queue that a task waits in."""

from __future__ import annotations

from podium_core.models.task import Task

DECIDER_QUEUE = "_deciderQueue"


def task_queue_name(task: Task) -> str:
    """Conductor's ``QueueUtils.getQueueName``: ``[domain:]taskType[@executionNameSpace][-isolationGroupId]``."""
    name = task.task_type or ""
    if task.domain:
        name = f"{task.domain}:{name}"
    if task.execution_name_space:
        name = f"{name}@{task.execution_name_space}"
    if task.isolation_group_id:
        name = f"{name}-{task.isolation_group_id}"
    return name
