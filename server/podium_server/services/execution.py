"""ExecutionService: what is about workflows, and Commit; the RPCs about tasks are in execution_tasks.py."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium.v1 import commit_pb2
from podium.v1 import execution_workflows_pb2 as pb
from podium_core.errors import InvalidArgumentError, NotFoundError
from podium_protocol import codec
from podium_server.interceptors import Call
from podium_server.services.execution_tasks import ExecutionTasksServicer
from podium_server.services.paging import WORKFLOW_IDS, WORKFLOWS, chunks
from podium_server.services.request_checks import (
    MAX_ITEMS,
    expected_update_time,
    refuse_payloads,
    require_duration,
    require_ids,
    require_not_negative,
    require_present,
    require_text,
)


class ExecutionServicer(ExecutionTasksServicer):
    """One facade call for each RPC."""

    async def CreateWorkflow(
        self, request: pb.CreateWorkflowRequest, call: Call
    ) -> pb.CreateWorkflowResponse:
        created = await self._executions.create_workflow(
            codec.workflow_without_tasks_from_proto(
                require_present(request, "workflow"), "workflow"
            ),
            replace=_replaces(request),
        )
        return pb.CreateWorkflowResponse(created=created.created, updated_time=created.updated_time)

    async def UpdateWorkflow(
        self, request: pb.UpdateWorkflowRequest, call: Call
    ) -> pb.UpdateWorkflowResponse:
        updated_time = await self._executions.update_workflow(
            codec.workflow_without_tasks_from_proto(
                require_present(request, "workflow"), "workflow"
            ),
            expected_update_time=expected_update_time(request),
            upsert=request.upsert,
        )
        return pb.UpdateWorkflowResponse(updated_time=updated_time)

    async def RemoveWorkflow(
        self, request: pb.RemoveWorkflowRequest, call: Call
    ) -> pb.RemoveWorkflowResponse:
        removed = await self._executions.remove_workflow(
            require_text(request.workflow_id, "workflow_id"), archive=request.archive
        )
        return pb.RemoveWorkflowResponse(removed=removed)

    async def RemoveWorkflowWithExpiry(
        self, request: pb.RemoveWorkflowWithExpiryRequest, call: Call
    ) -> pb.RemoveWorkflowWithExpiryResponse:
        removed = await self._executions.remove_workflow_with_expiry(
            require_text(request.workflow_id, "workflow_id"),
            ttl_seconds=require_duration(request.ttl_seconds, "ttl_seconds", unit_ms=1000),
            archive=request.archive,
        )
        return pb.RemoveWorkflowWithExpiryResponse(removed=removed)

    async def RemoveFromPendingWorkflow(
        self, request: pb.RemoveFromPendingWorkflowRequest, call: Call
    ) -> pb.RemoveFromPendingWorkflowResponse:
        await self._executions.remove_from_pending_workflow(
            request.workflow_name, require_text(request.workflow_id, "workflow_id")
        )
        return pb.RemoveFromPendingWorkflowResponse()

    async def GetWorkflow(
        self, request: pb.GetWorkflowRequest, call: Call
    ) -> pb.GetWorkflowResponse:
        refuse_payloads(request)
        workflow_id = require_text(request.workflow_id, "workflow_id")
        workflow = await self._executions.get_workflow(
            workflow_id, include_tasks=request.include_tasks
        )
        if workflow is None:
            raise NotFoundError("workflow", workflow_id)
        return pb.GetWorkflowResponse(
            workflow=codec.workflow_to_proto(workflow), source=pb.WORKFLOW_SOURCE_PRIMARY
        )

    def GetWorkflows(
        self, request: pb.GetWorkflowsRequest, call: Call
    ) -> AsyncIterator[pb.GetWorkflowsResponse]:
        refuse_payloads(request)
        ids = require_ids(request.workflow_ids, "workflow_ids")
        return chunks(
            request,
            pb.GetWorkflowsResponse,
            WORKFLOWS,
            lambda token: self._executions.get_workflows(
                ids, include_tasks=request.include_tasks, resume_token=token
            ),
        )

    def GetRunningWorkflowIds(
        self, request: pb.GetRunningWorkflowIdsRequest, call: Call
    ) -> AsyncIterator[pb.GetRunningWorkflowIdsResponse]:
        name, version = _workflow_name(request), _version(request)
        return chunks(
            request,
            pb.GetRunningWorkflowIdsResponse,
            WORKFLOW_IDS,
            lambda token: self._executions.get_running_workflow_ids(
                name, version=version, resume_token=token
            ),
        )

    def GetPendingWorkflowsByType(
        self, request: pb.GetPendingWorkflowsByTypeRequest, call: Call
    ) -> AsyncIterator[pb.GetPendingWorkflowsByTypeResponse]:
        refuse_payloads(request)
        name, version = _workflow_name(request), _version(request)
        return chunks(
            request,
            pb.GetPendingWorkflowsByTypeResponse,
            WORKFLOWS,
            lambda token: self._executions.get_pending_workflows_by_type(
                name, version=version, resume_token=token
            ),
        )

    async def GetPendingWorkflowCount(
        self, request: pb.GetPendingWorkflowCountRequest, call: Call
    ) -> pb.GetPendingWorkflowCountResponse:
        count = await self._executions.get_pending_workflow_count(_workflow_name(request))
        return pb.GetPendingWorkflowCountResponse(count=count)

    def GetWorkflowsByType(
        self, request: pb.GetWorkflowsByTypeRequest, call: Call
    ) -> AsyncIterator[pb.GetWorkflowsByTypeResponse]:
        refuse_payloads(request)
        name = _workflow_name(request)
        start_time = require_not_negative(request.start_time, "start_time")
        if request.end_time < start_time:
            raise InvalidArgumentError("end_time", "must not be before start_time")
        return chunks(
            request,
            pb.GetWorkflowsByTypeResponse,
            WORKFLOWS,
            lambda token: self._executions.get_workflows_by_type(
                name, start_time=start_time, end_time=request.end_time, resume_token=token
            ),
        )

    def GetWorkflowsByCorrelationId(
        self, request: pb.GetWorkflowsByCorrelationIdRequest, call: Call
    ) -> AsyncIterator[pb.GetWorkflowsByCorrelationIdResponse]:
        refuse_payloads(request)
        name = _workflow_name(request)
        correlation_id = require_text(request.correlation_id, "correlation_id")
        return chunks(
            request,
            pb.GetWorkflowsByCorrelationIdResponse,
            WORKFLOWS,
            lambda token: self._executions.get_workflows_by_correlation_id(
                name, correlation_id, include_tasks=request.include_tasks, resume_token=token
            ),
        )

    async def CanSearchAcrossWorkflows(
        self, request: pb.CanSearchAcrossWorkflowsRequest, call: Call
    ) -> pb.CanSearchAcrossWorkflowsResponse:
        can = await self._executions.can_search_across_workflows()
        return pb.CanSearchAcrossWorkflowsResponse(can_search_across_workflows=can)

    async def ResetWorkflow(
        self, request: pb.ResetWorkflowRequest, call: Call
    ) -> pb.ResetWorkflowResponse:
        workflow_id = require_text(request.workflow_id, "workflow_id")
        return pb.ResetWorkflowResponse(removed=await self._executions.reset_workflow(workflow_id))

    async def Commit(
        self, request: commit_pb2.CommitRequest, call: Call
    ) -> commit_pb2.CommitResponse:
        _require_commit(request)
        result = await self._executions.commit(codec.commit_from_request(request))
        return codec.commit_to_response(result)


def _replaces(request: pb.CreateWorkflowRequest) -> bool:
    # An enum of the request's own, so there is no record whose codec could refuse an unknown number.
    if request.if_exists not in (pb.IF_EXISTS_UNSPECIFIED, pb.IF_EXISTS_REPLACE):
        raise InvalidArgumentError("if_exists", f"the enum has no value {request.if_exists}")
    return request.if_exists == pb.IF_EXISTS_REPLACE


def _workflow_name(
    request: pb.GetRunningWorkflowIdsRequest
    | pb.GetPendingWorkflowsByTypeRequest
    | pb.GetPendingWorkflowCountRequest
    | pb.GetWorkflowsByTypeRequest
    | pb.GetWorkflowsByCorrelationIdRequest,
) -> str:
    return require_text(request.workflow_name, "workflow_name")


def _version(
    request: pb.GetRunningWorkflowIdsRequest | pb.GetPendingWorkflowsByTypeRequest,
) -> int | None:
    return request.version if request.HasField("version") else None


def _require_commit(request: commit_pb2.CommitRequest) -> None:
    parts = (
        request.create_tasks,
        request.update_tasks,
        request.pushes,
        request.acks,
        request.removes,
    )
    total = sum(len(part) for part in parts)
    if total > MAX_ITEMS:
        raise InvalidArgumentError("", f"{total} items are more than the limit of {MAX_ITEMS}")
    for at, push in enumerate(request.pushes):
        require_text(push.message_id, f"pushes[{at}].message_id")
        require_duration(push.offset_ms, f"pushes[{at}].offset_ms")
