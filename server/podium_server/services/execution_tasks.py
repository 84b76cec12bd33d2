"""The half of ExecutionService that is about tasks, limits and event executions."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium.v1 import execution_tasks_pb2 as pb
from podium_core.errors import NotFoundError
from podium_core.requirements import MAX_IDS, MAX_ITEMS, require_at_most, require_text
from podium_protocol import codec
from podium_server.facade.facade import Facade
from podium_server.interceptors import Call
from podium_server.services.limits import limited_task
from podium_server.services.paging import TASKS, TASKS_OF_WORKFLOW, chunks
from podium_server.services.request_checks import optional, require_present
from podium_server.services.turns import append_in_turns


class ExecutionTasksServicer:
    """One facade call for each RPC."""

    def __init__(self, facade: Facade) -> None:
        self._executions = facade.executions

    async def CreateTasks(
        self, request: pb.CreateTasksRequest, call: Call
    ) -> pb.CreateTasksResponse:
        require_at_most(request.tasks, MAX_ITEMS, "tasks")
        created = await self._executions.create_tasks(
            codec.tasks_from_proto(request.tasks, "tasks"),
            allow_missing_workflow=request.allow_missing_workflow,
        )
        return pb.CreateTasksResponse(
            created_task_ids=created.created_task_ids,
            left_out_task_ids=created.left_out_task_ids,
            update_time=created.update_time,
        )

    async def UpdateTask(self, request: pb.UpdateTaskRequest, call: Call) -> pb.UpdateTaskResponse:
        update_time = await self._executions.update_task(
            codec.task_from_proto(require_present(request, "task"), "task"),
            expected_update_time=optional(request, "expected_update_time"),
            upsert=request.upsert,
        )
        return pb.UpdateTaskResponse(update_time=update_time)

    async def UpdateTasks(
        self, request: pb.UpdateTasksRequest, call: Call
    ) -> pb.UpdateTasksResponse:
        require_at_most(request.tasks, MAX_ITEMS, "tasks")
        update_times = await self._executions.update_tasks(
            codec.task_updates_from_proto(request.tasks, "tasks"), upsert=request.upsert
        )
        return pb.UpdateTasksResponse(update_times=update_times)

    async def RemoveTask(self, request: pb.RemoveTaskRequest, call: Call) -> pb.RemoveTaskResponse:
        removed = await self._executions.remove_task(request.task_id)
        return pb.RemoveTaskResponse(removed=removed)

    async def GetTask(self, request: pb.GetTaskRequest, call: Call) -> pb.GetTaskResponse:
        task = await self._executions.get_task(
            request.task_id, include_payloads=request.include_payloads
        )
        if task is None:
            raise NotFoundError("task", request.task_id)
        return pb.GetTaskResponse(task=codec.task_to_proto(task))

    async def GetTasks(self, request: pb.GetTasksRequest, call: Call) -> pb.GetTasksResponse:
        require_at_most(request.task_ids, MAX_IDS, "task_ids")
        tasks = await self._executions.get_tasks(
            list(request.task_ids), include_payloads=request.include_payloads
        )
        answer = pb.GetTasksResponse()
        await append_in_turns(answer.tasks, tasks, codec.task_to_proto)
        return answer

    async def GetTasksByType(
        self, request: pb.GetTasksByTypeRequest, call: Call
    ) -> pb.GetTasksByTypeResponse:
        tasks = await self._executions.get_tasks_by_type(
            request.task_type,
            start_key=request.start_key,
            count=request.count,
            include_payloads=request.include_payloads,
        )
        answer = pb.GetTasksByTypeResponse()
        await append_in_turns(answer.tasks, tasks, codec.task_to_proto)
        return answer

    def GetPendingTasksByWorkflow(
        self, request: pb.GetPendingTasksByWorkflowRequest, call: Call
    ) -> AsyncIterator[pb.GetPendingTasksByWorkflowResponse]:
        task_type = _task_type(request)
        return chunks(
            request,
            pb.GetPendingTasksByWorkflowResponse,
            TASKS,
            lambda token: self._executions.get_pending_tasks_by_workflow(
                task_type,
                request.workflow_id,
                include_payloads=request.include_payloads,
                resume_token=token,
            ),
        )

    def GetPendingTasksForTaskType(
        self, request: pb.GetPendingTasksForTaskTypeRequest, call: Call
    ) -> AsyncIterator[pb.GetPendingTasksForTaskTypeResponse]:
        return chunks(
            request,
            pb.GetPendingTasksForTaskTypeResponse,
            TASKS,
            lambda token: self._executions.get_pending_tasks_for_task_type(
                request.task_type,
                include_payloads=request.include_payloads,
                resume_token=token,
            ),
        )

    def GetTasksForWorkflow(
        self, request: pb.GetTasksForWorkflowRequest, call: Call
    ) -> AsyncIterator[pb.GetTasksForWorkflowResponse]:
        return chunks(
            request,
            pb.GetTasksForWorkflowResponse,
            TASKS_OF_WORKFLOW,
            lambda token: self._executions.get_tasks_for_workflow(
                request.workflow_id,
                include_payloads=request.include_payloads,
                resume_token=token,
            ),
        )

    async def GetInProgressTaskCount(
        self, request: pb.GetInProgressTaskCountRequest, call: Call
    ) -> pb.GetInProgressTaskCountResponse:
        count = await self._executions.get_in_progress_task_count(_task_type(request))
        return pb.GetInProgressTaskCountResponse(count=count)

    async def ExceedsInProgressLimit(
        self, request: pb.ExceedsInProgressLimitRequest, call: Call
    ) -> pb.ExceedsInProgressLimitResponse:
        exceeds = await self._executions.exceeds_in_progress_limit(limited_task(request))
        return pb.ExceedsInProgressLimitResponse(exceeds=exceeds)

    async def ExtendLease(
        self, request: pb.ExtendLeaseRequest, call: Call
    ) -> pb.ExtendLeaseResponse:
        update_time = await self._executions.extend_lease(request.task_id)
        return pb.ExtendLeaseResponse(update_time=update_time)

    async def AddEventExecution(
        self, request: pb.AddEventExecutionRequest, call: Call
    ) -> pb.AddEventExecutionResponse:
        message = require_present(request, "event_execution")
        added = await self._executions.add_event_execution(
            codec.event_execution_from_proto(message, "event_execution")
        )
        return pb.AddEventExecutionResponse(added=added)

    async def UpdateEventExecution(
        self, request: pb.UpdateEventExecutionRequest, call: Call
    ) -> pb.UpdateEventExecutionResponse:
        message = require_present(request, "event_execution")
        await self._executions.update_event_execution(
            codec.event_execution_from_proto(message, "event_execution")
        )
        return pb.UpdateEventExecutionResponse()

    async def RemoveEventExecution(
        self, request: pb.RemoveEventExecutionRequest, call: Call
    ) -> pb.RemoveEventExecutionResponse:
        message = require_present(request, "event_execution")
        removed = await self._executions.remove_event_execution(
            codec.event_execution_from_proto(message, "event_execution")
        )
        return pb.RemoveEventExecutionResponse(removed=removed)


def _task_type(
    request: pb.GetPendingTasksByWorkflowRequest | pb.GetInProgressTaskCountRequest,
) -> str:
    # The DAO has another name for it; an error has to name the message's field.
    return require_text(request.task_type, "task_type")
