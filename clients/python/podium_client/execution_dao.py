"""The ExecutionService over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from podium.v1 import (
    commit_pb2,
    execution_tasks_pb2 as tasks_pb,
    execution_workflows_pb2 as workflows_pb,
)
from podium_client import records
from podium_client.calls import Calls
from podium_client.consume.held import HeldLeases
from podium_client.methods import method
from podium_core.execution_service import ExecutionService, FoundWorkflow, WorkflowSource
from podium_core.models import (
    Commit,
    CommitResult,
    CreatedTasks,
    CreatedWorkflow,
    EventExecution,
    Page,
    Task,
    TaskUpdate,
    Workflow,
)
from podium_protocol import codec
from podium_protocol.rpcs import Repeat

_CREATE_TASKS = method(tasks_pb.CreateTasksRequest, tasks_pb.CreateTasksResponse)
_UPDATE_TASK = method(tasks_pb.UpdateTaskRequest, tasks_pb.UpdateTaskResponse)
_UPDATE_TASKS = method(tasks_pb.UpdateTasksRequest, tasks_pb.UpdateTasksResponse)
_REMOVE_TASK = method(tasks_pb.RemoveTaskRequest, tasks_pb.RemoveTaskResponse)
_GET_TASK = method(tasks_pb.GetTaskRequest, tasks_pb.GetTaskResponse)
_GET_TASKS = method(tasks_pb.GetTasksRequest, tasks_pb.GetTasksResponse)
_GET_TASKS_BY_TYPE = method(tasks_pb.GetTasksByTypeRequest, tasks_pb.GetTasksByTypeResponse)
_PENDING_TASKS_BY_WORKFLOW = method(
    tasks_pb.GetPendingTasksByWorkflowRequest, tasks_pb.GetPendingTasksByWorkflowResponse
)
_PENDING_TASKS_FOR_TYPE = method(
    tasks_pb.GetPendingTasksForTaskTypeRequest, tasks_pb.GetPendingTasksForTaskTypeResponse
)
_TASKS_FOR_WORKFLOW = method(
    tasks_pb.GetTasksForWorkflowRequest, tasks_pb.GetTasksForWorkflowResponse
)
_IN_PROGRESS_COUNT = method(
    tasks_pb.GetInProgressTaskCountRequest, tasks_pb.GetInProgressTaskCountResponse
)
_EXCEEDS_IN_PROGRESS = method(
    tasks_pb.ExceedsInProgressLimitRequest, tasks_pb.ExceedsInProgressLimitResponse
)
_EXTEND_LEASE = method(tasks_pb.ExtendLeaseRequest, tasks_pb.ExtendLeaseResponse)
_ADD_EVENT_EXECUTION = method(tasks_pb.AddEventExecutionRequest, tasks_pb.AddEventExecutionResponse)
_UPDATE_EVENT_EXECUTION = method(
    tasks_pb.UpdateEventExecutionRequest, tasks_pb.UpdateEventExecutionResponse
)
_REMOVE_EVENT_EXECUTION = method(
    tasks_pb.RemoveEventExecutionRequest, tasks_pb.RemoveEventExecutionResponse
)

_CREATE_WORKFLOW = method(workflows_pb.CreateWorkflowRequest, workflows_pb.CreateWorkflowResponse)
_REPLACE_WORKFLOW = method(
    workflows_pb.CreateWorkflowRequest,
    workflows_pb.CreateWorkflowResponse,
    repeat=Repeat.OVERWRITES,
)
_UPDATE_WORKFLOW = method(workflows_pb.UpdateWorkflowRequest, workflows_pb.UpdateWorkflowResponse)
_REMOVE_WORKFLOW = method(workflows_pb.RemoveWorkflowRequest, workflows_pb.RemoveWorkflowResponse)
_REMOVE_WITH_EXPIRY = method(
    workflows_pb.RemoveWorkflowWithExpiryRequest, workflows_pb.RemoveWorkflowWithExpiryResponse
)
_REMOVE_FROM_PENDING = method(
    workflows_pb.RemoveFromPendingWorkflowRequest, workflows_pb.RemoveFromPendingWorkflowResponse
)
_GET_WORKFLOW = method(workflows_pb.GetWorkflowRequest, workflows_pb.GetWorkflowResponse)
_GET_WORKFLOWS = method(workflows_pb.GetWorkflowsRequest, workflows_pb.GetWorkflowsResponse)
_RUNNING_IDS = method(
    workflows_pb.GetRunningWorkflowIdsRequest, workflows_pb.GetRunningWorkflowIdsResponse
)
_PENDING_WORKFLOWS = method(
    workflows_pb.GetPendingWorkflowsByTypeRequest, workflows_pb.GetPendingWorkflowsByTypeResponse
)
_PENDING_COUNT = method(
    workflows_pb.GetPendingWorkflowCountRequest, workflows_pb.GetPendingWorkflowCountResponse
)
_WORKFLOWS_BY_TYPE = method(
    workflows_pb.GetWorkflowsByTypeRequest, workflows_pb.GetWorkflowsByTypeResponse
)
_BY_CORRELATION_ID = method(
    workflows_pb.GetWorkflowsByCorrelationIdRequest,
    workflows_pb.GetWorkflowsByCorrelationIdResponse,
)
_CAN_SEARCH = method(
    workflows_pb.CanSearchAcrossWorkflowsRequest, workflows_pb.CanSearchAcrossWorkflowsResponse
)
_RESET_WORKFLOW = method(workflows_pb.ResetWorkflowRequest, workflows_pb.ResetWorkflowResponse)

_COMMIT = method(commit_pb2.CommitRequest, commit_pb2.CommitResponse)
_KEYED_COMMIT = method(commit_pb2.CommitRequest, commit_pb2.CommitResponse, repeat=Repeat.KEYED)


class RemoteExecutionDAO:
    """Workflows, tasks and event executions of a server; ``ExecutionService`` says what each method does."""

    def __init__(self, calls: Calls, held: HeldLeases) -> None:
        self._calls = calls
        self._held = held

    # tasks

    async def create_tasks(
        self, tasks: Sequence[Task], *, allow_missing_workflow: bool = False
    ) -> CreatedTasks:
        response = await self._calls.unary(
            _CREATE_TASKS,
            tasks=records.each_below("tasks", codec.task_to_proto, tasks),
            allow_missing_workflow=allow_missing_workflow,
        )
        return CreatedTasks(
            created_task_ids=tuple(response.created_task_ids),
            left_out_task_ids=tuple(response.left_out_task_ids),
            update_time=response.update_time,
        )

    async def update_task(
        self, task: Task, *, expected_update_time: int | None = None, upsert: bool = False
    ) -> int:
        response = await self._calls.unary(
            _UPDATE_TASK,
            task=records.task_message(task),
            expected_update_time=expected_update_time,
            upsert=upsert,
        )
        return response.update_time

    async def update_tasks(
        self, updates: Sequence[TaskUpdate], *, upsert: bool = False
    ) -> list[int]:
        items = records.each_below("tasks", codec.task_update_to_proto, updates)
        response = await self._calls.unary(_UPDATE_TASKS, tasks=items, upsert=upsert)
        return list(response.update_times)

    async def remove_task(self, task_id: str) -> bool:
        return (await self._calls.unary(_REMOVE_TASK, task_id=task_id)).removed

    async def get_task(self, task_id: str, *, include_payloads: bool = False) -> Task | None:
        response = await self._calls.find(
            _GET_TASK, task_id=task_id, include_payloads=include_payloads
        )
        return None if response is None else records.task(response.task)

    async def get_tasks(
        self, task_ids: Sequence[str], *, include_payloads: bool = False
    ) -> list[Task]:
        response = await self._calls.unary(
            _GET_TASKS, task_ids=task_ids, include_payloads=include_payloads
        )
        return [records.task(task) for task in response.tasks]

    async def get_tasks_by_type(
        self, task_type: str, *, start_key: str = "", count: int, include_payloads: bool = False
    ) -> list[Task]:
        response = await self._calls.unary(
            _GET_TASKS_BY_TYPE,
            task_type=task_type,
            start_key=start_key,
            count=count,
            include_payloads=include_payloads,
        )
        return [records.task(task) for task in response.tasks]

    def get_pending_tasks_by_workflow(
        self,
        task_name: str,
        workflow_id: str,
        *,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Task]]:
        request = _PENDING_TASKS_BY_WORKFLOW.request(
            task_type=task_name,
            workflow_id=workflow_id,
            include_payloads=include_payloads,
            resume_token=resume_token,
        )
        return self._calls.pages(_PENDING_TASKS_BY_WORKFLOW, request, _task_page)

    def get_pending_tasks_for_task_type(
        self, task_type: str, *, include_payloads: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        request = _PENDING_TASKS_FOR_TYPE.request(
            task_type=task_type, include_payloads=include_payloads, resume_token=resume_token
        )
        return self._calls.pages(_PENDING_TASKS_FOR_TYPE, request, _task_page)

    def get_tasks_for_workflow(
        self, workflow_id: str, *, include_payloads: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        request = _TASKS_FOR_WORKFLOW.request(
            workflow_id=workflow_id, include_payloads=include_payloads, resume_token=resume_token
        )
        return self._calls.pages(_TASKS_FOR_WORKFLOW, request, _task_page_of_workflow)

    async def get_in_progress_task_count(self, task_def_name: str) -> int:
        return (await self._calls.unary(_IN_PROGRESS_COUNT, task_type=task_def_name)).count

    async def exceeds_in_progress_limit(self, task: Task) -> bool:
        return (
            await self._calls.unary(_EXCEEDS_IN_PROGRESS, task=records.task_message(task))
        ).exceeds

    async def extend_lease(self, task_id: str) -> int:
        return (await self._calls.unary(_EXTEND_LEASE, task_id=task_id)).update_time

    # workflows

    async def create_workflow(
        self, workflow: Workflow, *, replace: bool = False
    ) -> CreatedWorkflow:
        response = await self._calls.unary(
            _REPLACE_WORKFLOW if replace else _CREATE_WORKFLOW,
            workflow=records.workflow_message(workflow),
            if_exists=workflows_pb.IF_EXISTS_REPLACE
            if replace
            else workflows_pb.IF_EXISTS_UNSPECIFIED,
        )
        return CreatedWorkflow(created=response.created, updated_time=response.updated_time)

    async def update_workflow(
        self, workflow: Workflow, *, expected_update_time: int | None = None, upsert: bool = False
    ) -> int:
        response = await self._calls.unary(
            _UPDATE_WORKFLOW,
            workflow=records.workflow_message(workflow),
            expected_update_time=expected_update_time,
            upsert=upsert,
        )
        return response.updated_time

    async def remove_workflow(self, workflow_id: str, *, archive: bool = False) -> bool:
        return (
            await self._calls.unary(_REMOVE_WORKFLOW, workflow_id=workflow_id, archive=archive)
        ).removed

    async def remove_workflow_with_expiry(
        self, workflow_id: str, *, ttl_seconds: int, archive: bool = False
    ) -> bool:
        response = await self._calls.unary(
            _REMOVE_WITH_EXPIRY, workflow_id=workflow_id, archive=archive, ttl_seconds=ttl_seconds
        )
        return response.removed

    async def remove_found_workflow(
        self, workflow_id: str, *, archive: bool = False, ttl_seconds: int | None = None
    ) -> WorkflowSource | None:
        if ttl_seconds is None:
            answer = await self._calls.unary(
                _REMOVE_WORKFLOW, workflow_id=workflow_id, archive=archive
            )
            return codec.workflow_source_from_proto(answer.source)
        response = await self._calls.unary(
            _REMOVE_WITH_EXPIRY, workflow_id=workflow_id, archive=archive, ttl_seconds=ttl_seconds
        )
        return codec.workflow_source_from_proto(response.source)

    async def remove_from_pending_workflow(self, workflow_type: str, workflow_id: str) -> None:
        await self._calls.unary(
            _REMOVE_FROM_PENDING, workflow_name=workflow_type, workflow_id=workflow_id
        )

    async def reset_workflow(self, workflow_id: str) -> bool:
        return (await self._calls.unary(_RESET_WORKFLOW, workflow_id=workflow_id)).removed

    async def get_workflow(
        self, workflow_id: str, *, include_tasks: bool = False, include_payloads: bool = False
    ) -> Workflow | None:
        found = await self.find_workflow(
            workflow_id, include_tasks=include_tasks, include_payloads=include_payloads
        )
        return found.workflow if found else None

    async def find_workflow(
        self, workflow_id: str, *, include_tasks: bool = False, include_payloads: bool = False
    ) -> FoundWorkflow | None:
        response = await self._calls.find(
            _GET_WORKFLOW,
            workflow_id=workflow_id,
            include_tasks=include_tasks,
            include_payloads=include_payloads,
        )
        return None if response is None else records.found_workflow(response)

    def get_workflows(
        self,
        workflow_ids: Sequence[str],
        *,
        include_tasks: bool = False,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        request = _GET_WORKFLOWS.request(
            workflow_ids=workflow_ids,
            include_tasks=include_tasks,
            include_payloads=include_payloads,
            resume_token=resume_token,
        )
        return self._calls.pages(_GET_WORKFLOWS, request, _workflow_page)

    def get_running_workflow_ids(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[str]]:
        request = _RUNNING_IDS.request(
            workflow_name=workflow_name, version=version, resume_token=resume_token
        )
        return self._calls.pages(
            _RUNNING_IDS, request, lambda chunk: records.page(chunk.workflow_ids, chunk)
        )

    def get_pending_workflows_by_type(
        self,
        workflow_name: str,
        *,
        version: int | None = None,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        request = _PENDING_WORKFLOWS.request(
            workflow_name=workflow_name,
            version=version,
            include_payloads=include_payloads,
            resume_token=resume_token,
        )
        return self._calls.pages(_PENDING_WORKFLOWS, request, _workflow_page)

    async def get_pending_workflow_count(self, workflow_name: str) -> int:
        return (await self._calls.unary(_PENDING_COUNT, workflow_name=workflow_name)).count

    def get_workflows_by_type(
        self,
        workflow_name: str,
        *,
        start_time: int,
        end_time: int,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        request = _WORKFLOWS_BY_TYPE.request(
            workflow_name=workflow_name,
            start_time=start_time,
            end_time=end_time,
            include_payloads=include_payloads,
            resume_token=resume_token,
        )
        return self._calls.pages(_WORKFLOWS_BY_TYPE, request, _workflow_page)

    def get_workflows_by_correlation_id(
        self,
        workflow_name: str,
        correlation_id: str,
        *,
        include_tasks: bool = False,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        request = _BY_CORRELATION_ID.request(
            workflow_name=workflow_name,
            correlation_id=correlation_id,
            include_tasks=include_tasks,
            include_payloads=include_payloads,
            resume_token=resume_token,
        )
        return self._calls.pages(_BY_CORRELATION_ID, request, _workflow_page)

    async def can_search_across_workflows(self) -> bool:
        return (await self._calls.unary(_CAN_SEARCH)).can_search_across_workflows

    # event executions

    async def add_event_execution(self, event_execution: EventExecution) -> bool:
        message = records.event_execution_message(event_execution)
        return (await self._calls.unary(_ADD_EVENT_EXECUTION, event_execution=message)).added

    async def update_event_execution(self, event_execution: EventExecution) -> None:
        message = records.event_execution_message(event_execution)
        await self._calls.unary(_UPDATE_EVENT_EXECUTION, event_execution=message)

    async def remove_event_execution(self, event_execution: EventExecution) -> bool:
        message = records.event_execution_message(event_execution)
        return (await self._calls.unary(_REMOVE_EVENT_EXECUTION, event_execution=message)).removed

    # commit

    async def commit(self, commit: Commit) -> CommitResult:
        request = records.below("", codec.commit_to_request, _bare(commit))
        response = await self._calls.send(_KEYED_COMMIT if commit.request_id else _COMMIT, request)
        result = codec.commit_from_response(response)
        for ack, acked in zip(commit.acks, result.acked, strict=False):
            if acked:
                self._held.settle(ack.queue_name, ack.receipt)
        return result


def _bare(commit: Commit) -> Commit:
    # The tasks inside a workflow are for reading.
    create, update = commit.create_workflow, commit.update_workflow
    if create is not None and create.tasks:
        commit = msgspec.structs.replace(
            commit, create_workflow=msgspec.structs.replace(create, tasks=())
        )
    if update is not None and update.tasks:
        commit = msgspec.structs.replace(
            commit, update_workflow=msgspec.structs.replace(update, tasks=())
        )
    return commit


def _task_page(
    chunk: tasks_pb.GetPendingTasksByWorkflowResponse
    | tasks_pb.GetPendingTasksForTaskTypeResponse
    | tasks_pb.GetTasksForWorkflowResponse,
) -> Page[Task]:
    return records.page(map(records.task, chunk.tasks), chunk)


def _task_page_of_workflow(chunk: tasks_pb.GetTasksForWorkflowResponse) -> Page[Task]:
    archived = chunk.source == workflows_pb.WORKFLOW_SOURCE_ARCHIVE
    return msgspec.structs.replace(_task_page(chunk), archived=archived)


def _workflow_page(
    chunk: workflows_pb.GetWorkflowsResponse
    | workflows_pb.GetPendingWorkflowsByTypeResponse
    | workflows_pb.GetWorkflowsByTypeResponse
    | workflows_pb.GetWorkflowsByCorrelationIdResponse,
) -> Page[Workflow]:
    return records.page(map(records.workflow, chunk.workflows), chunk)


_: type[ExecutionService] = RemoteExecutionDAO
