"""Java's calls of its ExecutionDAO, as calls of ours that ask for what Java does without being asked."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from podium_core.models import EventExecution, Task, Workflow, collect
from podium_core.models.documents import EVENT_EXECUTION, TASK, WORKFLOW
from tests.backends.redis.golden_definitions import Daos


def _task(document: Any) -> Task:
    return TASK.decode(json.dumps(document), "task")


def _workflow(document: Any) -> Workflow:
    if isinstance(document, str):
        # Java can't write it down: it has no definition.
        document = {"workflowId": "w"}
    return WORKFLOW.decode(json.dumps(document), "workflow")


def _event(document: Any) -> EventExecution:
    return EVENT_EXECUTION.decode(json.dumps(document), "event execution")


def _task_document(task: Task | None) -> Any:
    return None if task is None else json.loads(TASK.encode(task))


def _workflow_document(workflow: Workflow | None) -> Any:
    if workflow is None:
        return None
    document = json.loads(WORKFLOW.encode(workflow))
    return document | {"tasks": [_task_document(task) for task in workflow.tasks]}


def _tasks(tasks: Any) -> list[Any]:
    return [_task_document(task) for task in tasks]


def _workflows(workflows: Any) -> list[Any]:
    return [_workflow_document(workflow) for workflow in workflows]


# writes


async def _create_workflow(daos: Daos, document: Any) -> str:
    workflow = _workflow(document)
    await daos.executions.create_workflow(workflow, replace=True)
    return str(workflow.workflow_id)


async def _update_workflow(daos: Daos, document: Any) -> str:
    workflow = _workflow(document)
    await daos.executions.update_workflow(workflow, upsert=True)
    return str(workflow.workflow_id)


async def _create_tasks(daos: Daos, documents: Any) -> list[str]:
    tasks = [_task(document) for document in documents]
    created = await daos.executions.create_tasks(tasks, allow_missing_workflow=True)
    return list(created.created_task_ids)


async def _update_task(daos: Daos, document: Any) -> str:
    await daos.executions.update_task(_task(document), upsert=True)
    return "<void>"


async def _remove_with_expiry(daos: Daos, workflow_id: str, ttl_seconds: int) -> bool:
    return await daos.executions.remove_workflow_with_expiry(workflow_id, ttl_seconds=ttl_seconds)


async def _remove_from_pending(daos: Daos, name: str, workflow_id: str) -> str:
    await daos.executions.remove_from_pending_workflow(name, workflow_id)
    return "<void>"


async def _add_event(daos: Daos, document: Any) -> bool:
    return await daos.executions.add_event_execution(_event(document))


async def _update_event(daos: Daos, document: Any) -> str:
    await daos.executions.update_event_execution(_event(document))
    return "<void>"


async def _remove_event(daos: Daos, document: Any) -> str:
    await daos.executions.remove_event_execution(_event(document))
    return "<void>"


# reads


async def _get_task(daos: Daos, task_id: str | None) -> Any:
    return _task_document(await daos.executions.get_task(task_id or ""))


async def _get_tasks(daos: Daos, task_ids: Any) -> Any:
    return _tasks(await daos.executions.get_tasks(task_ids))


async def _tasks_for_workflow(daos: Daos, workflow_id: str) -> Any:
    return _tasks(await collect(daos.executions.get_tasks_for_workflow(workflow_id)))


async def _pending_by_workflow(daos: Daos, name: str, workflow_id: str) -> Any:
    pages = daos.executions.get_pending_tasks_by_workflow(name, workflow_id)
    return _tasks(await collect(pages))


async def _pending_by_type(daos: Daos, name: str) -> Any:
    return _tasks(await collect(daos.executions.get_pending_tasks_for_task_type(name)))


async def _tasks_by_type(daos: Daos, name: str, start_key: str | None, count: int) -> Any:
    found = await daos.executions.get_tasks_by_type(name, start_key=start_key or "", count=count)
    return _tasks(found)


async def _get_workflow(daos: Daos, workflow_id: str, include_tasks: bool = True) -> Any:
    found = await daos.executions.get_workflow(workflow_id, include_tasks=include_tasks)
    return _workflow_document(found)


async def _running_ids(daos: Daos, name: str, version: int) -> Any:
    # Java takes a version, and doesn't look at it.
    return await collect(daos.executions.get_running_workflow_ids(name))


async def _pending_workflows(daos: Daos, name: str, version: int) -> Any:
    pages = daos.executions.get_pending_workflows_by_type(name, version=version)
    return _workflows(await collect(pages))


async def _workflows_by_type(daos: Daos, name: str, start_time: int, end_time: int) -> Any:
    pages = daos.executions.get_workflows_by_type(name, start_time=start_time, end_time=end_time)
    return _workflows(await collect(pages))


async def _by_correlation(daos: Daos, name: str, correlation_id: str, include: bool) -> Any:
    pages = daos.executions.get_workflows_by_correlation_id(
        name, correlation_id, include_tasks=include
    )
    return _workflows(await collect(pages))


async def _exceeds_limit(daos: Daos, document: Any) -> bool:
    return await daos.executions.exceeds_in_progress_limit(_task(document))


EXECUTION_CALLS: dict[str, Callable[..., Awaitable[Any]]] = {
    "ExecutionDAO.createWorkflow": _create_workflow,
    "ExecutionDAO.updateWorkflow": _update_workflow,
    "ExecutionDAO.removeWorkflow": lambda daos, id_: daos.executions.remove_workflow(id_),
    "ExecutionDAO.removeWorkflowWithExpiry": _remove_with_expiry,
    "ExecutionDAO.removeFromPendingWorkflow": _remove_from_pending,
    "ExecutionDAO.createTasks": _create_tasks,
    "ExecutionDAO.updateTask": _update_task,
    "ExecutionDAO.removeTask": lambda daos, id_: daos.executions.remove_task(id_),
    "ExecutionDAO.addEventExecution": _add_event,
    "ExecutionDAO.updateEventExecution": _update_event,
    "ExecutionDAO.removeEventExecution": _remove_event,
    "ExecutionDAO.getTask": _get_task,
    "ExecutionDAO.getTasks(ids)": _get_tasks,
    "ExecutionDAO.getTasksForWorkflow": _tasks_for_workflow,
    "ExecutionDAO.getPendingTasksByWorkflow": _pending_by_workflow,
    "ExecutionDAO.getPendingTasksForTaskType": _pending_by_type,
    "ExecutionDAO.getTasks(type,startKey,count)": _tasks_by_type,
    "ExecutionDAO.getWorkflow": _get_workflow,
    "ExecutionDAO.getWorkflow(includeTasks)": _get_workflow,
    "ExecutionDAO.getRunningWorkflowIds": _running_ids,
    "ExecutionDAO.getPendingWorkflowsByType": _pending_workflows,
    "ExecutionDAO.getPendingWorkflowCount": lambda daos, name: (
        daos.executions.get_pending_workflow_count(name)
    ),
    "ExecutionDAO.getInProgressTaskCount": lambda daos, name: (
        daos.executions.get_in_progress_task_count(name)
    ),
    "ExecutionDAO.getWorkflowsByType": _workflows_by_type,
    "ExecutionDAO.getWorkflowsByCorrelationId": _by_correlation,
    "ExecutionDAO.canSearchAcrossWorkflows": lambda daos: (
        daos.executions.can_search_across_workflows()
    ),
    "ExecutionDAO.exceedsLimit": _exceeds_limit,
}
