"""Small records as Java's DAOs take them: what a test doesn't say is a sensible default."""

from __future__ import annotations

from typing import Any

from podium_core.clock import system_clock_ms


def java_workflow(
    workflow_id: str = "w1", *, name: str = "order", version: int = 1, **fields: Any
) -> dict[str, Any]:
    """A running workflow with an embedded definition."""
    return {
        "workflowId": workflow_id,
        "status": "RUNNING",
        "createTime": system_clock_ms(),
        "workflowDefinition": {"name": name, "version": version, "tasks": []},
        **fields,
    }


def java_task(
    task_id: str = "t1",
    *,
    workflow_id: str = "w1",
    definition_name: str = "encode",
    concurrency_limit: int = 0,
    **fields: Any,
) -> dict[str, Any]:
    """A scheduled task whose reference name is its id."""
    if concurrency_limit:
        definition = {"name": definition_name, "concurrentExecLimit": concurrency_limit}
        fields.setdefault(
            "workflowTask",
            {
                "name": definition_name,
                "taskReferenceName": "r",
                "type": "SIMPLE",
                "taskDefinition": definition,
            },
        )
    return {
        "taskId": task_id,
        "workflowInstanceId": workflow_id,
        "taskType": definition_name,
        "taskDefName": definition_name,
        "referenceTaskName": task_id,
        "status": "SCHEDULED",
        **fields,
    }
