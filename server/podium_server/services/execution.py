"""ExecutionService: what is about workflows, and Commit; the RPCs about tasks are in execution_tasks.py."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from podium.v1 import commit_pb2, execution_workflows_pb2 as pb
from podium_core.errors import InvalidArgumentError, NotFoundError
from podium_core.requirements import MAX_IDS, require_at_most
from podium_core.write_set import commit_builder
from podium_protocol import codec
from podium_server.interceptors import Call
from podium_server.outbox.archive import ARCHIVE_SECONDS
from podium_server.services.execution_tasks import ExecutionTasksServicer
from podium_server.services.paging import WORKFLOW_IDS, WORKFLOWS, chunks, without_tasks
from podium_server.services.request_checks import optional, require_present
from podium_server.services.turns import append_in_turns


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
            expected_update_time=optional(request, "expected_update_time"),
            upsert=request.upsert,
        )
        return pb.UpdateWorkflowResponse(updated_time=updated_time)

    async def RemoveWorkflow(
        self, request: pb.RemoveWorkflowRequest, call: Call
    ) -> pb.RemoveWorkflowResponse:
        if request.archive:
            call.allow(ARCHIVE_SECONDS)
        source = await self._executions.remove_found_workflow(
            request.workflow_id, archive=request.archive
        )
        return pb.RemoveWorkflowResponse(
            removed=source is not None, source=codec.workflow_source_to_proto(source)
        )

    async def RemoveWorkflowWithExpiry(
        self, request: pb.RemoveWorkflowWithExpiryRequest, call: Call
    ) -> pb.RemoveWorkflowWithExpiryResponse:
        if request.archive:
            call.allow(ARCHIVE_SECONDS)
        source = await self._executions.remove_found_workflow(
            request.workflow_id, ttl_seconds=request.ttl_seconds, archive=request.archive
        )
        return pb.RemoveWorkflowWithExpiryResponse(
            removed=source is not None, source=codec.workflow_source_to_proto(source)
        )

    async def RemoveFromPendingWorkflow(
        self, request: pb.RemoveFromPendingWorkflowRequest, call: Call
    ) -> pb.RemoveFromPendingWorkflowResponse:
        await self._executions.remove_from_pending_workflow(
            request.workflow_name, request.workflow_id
        )
        return pb.RemoveFromPendingWorkflowResponse()

    async def GetWorkflow(
        self, request: pb.GetWorkflowRequest, call: Call
    ) -> pb.GetWorkflowResponse:
        found = await self._executions.find_workflow(
            request.workflow_id,
            include_tasks=request.include_tasks,
            include_payloads=request.include_payloads,
        )
        if found is None:
            raise NotFoundError("workflow", request.workflow_id)
        tasks = found.workflow.tasks
        answer = codec.found_workflow_to_proto(
            msgspec.structs.replace(found, workflow=without_tasks(found.workflow))
        )
        await append_in_turns(answer.workflow.tasks, tasks, codec.task_to_proto)
        return answer

    def GetWorkflows(
        self, request: pb.GetWorkflowsRequest, call: Call
    ) -> AsyncIterator[pb.GetWorkflowsResponse]:
        require_at_most(request.workflow_ids, MAX_IDS, "workflow_ids")
        return chunks(
            request,
            pb.GetWorkflowsResponse,
            WORKFLOWS,
            lambda token: self._executions.get_workflows(
                list(request.workflow_ids),
                include_tasks=request.include_tasks,
                include_payloads=request.include_payloads,
                resume_token=token,
            ),
        )

    def GetRunningWorkflowIds(
        self, request: pb.GetRunningWorkflowIdsRequest, call: Call
    ) -> AsyncIterator[pb.GetRunningWorkflowIdsResponse]:
        version = optional(request, "version")
        return chunks(
            request,
            pb.GetRunningWorkflowIdsResponse,
            WORKFLOW_IDS,
            lambda token: self._executions.get_running_workflow_ids(
                request.workflow_name, version=version, resume_token=token
            ),
        )

    def GetPendingWorkflowsByType(
        self, request: pb.GetPendingWorkflowsByTypeRequest, call: Call
    ) -> AsyncIterator[pb.GetPendingWorkflowsByTypeResponse]:
        version = optional(request, "version")
        return chunks(
            request,
            pb.GetPendingWorkflowsByTypeResponse,
            WORKFLOWS,
            lambda token: self._executions.get_pending_workflows_by_type(
                request.workflow_name,
                version=version,
                include_payloads=request.include_payloads,
                resume_token=token,
            ),
        )

    async def GetPendingWorkflowCount(
        self, request: pb.GetPendingWorkflowCountRequest, call: Call
    ) -> pb.GetPendingWorkflowCountResponse:
        count = await self._executions.get_pending_workflow_count(request.workflow_name)
        return pb.GetPendingWorkflowCountResponse(count=count)

    def GetWorkflowsByType(
        self, request: pb.GetWorkflowsByTypeRequest, call: Call
    ) -> AsyncIterator[pb.GetWorkflowsByTypeResponse]:
        return chunks(
            request,
            pb.GetWorkflowsByTypeResponse,
            WORKFLOWS,
            lambda token: self._executions.get_workflows_by_type(
                request.workflow_name,
                start_time=request.start_time,
                end_time=request.end_time,
                include_payloads=request.include_payloads,
                resume_token=token,
            ),
        )

    def GetWorkflowsByCorrelationId(
        self, request: pb.GetWorkflowsByCorrelationIdRequest, call: Call
    ) -> AsyncIterator[pb.GetWorkflowsByCorrelationIdResponse]:
        return chunks(
            request,
            pb.GetWorkflowsByCorrelationIdResponse,
            WORKFLOWS,
            lambda token: self._executions.get_workflows_by_correlation_id(
                request.workflow_name,
                request.correlation_id,
                include_tasks=request.include_tasks,
                include_payloads=request.include_payloads,
                resume_token=token,
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
        removed = await self._executions.reset_workflow(request.workflow_id)
        return pb.ResetWorkflowResponse(removed=removed)

    async def Commit(
        self, request: commit_pb2.CommitRequest, call: Call
    ) -> commit_pb2.CommitResponse:
        _require_size(request)
        result = await self._executions.commit(codec.commit_from_request(request))
        return codec.commit_to_response(result)


def _require_size(request: commit_pb2.CommitRequest) -> None:
    sizes = commit_builder.CommitSize(
        len(request.create_tasks),
        len(request.update_tasks),
        len(request.pushes),
        len(request.acks),
        len(request.removes),
    )
    commit_builder.require_size(
        sizes,
        lambda: (task.task_id for task in request.create_tasks),
        lambda: (push.message_id for push in request.pushes),
    )


def _replaces(request: pb.CreateWorkflowRequest) -> bool:
    # An enum of the request's own, so there is no record whose codec could refuse an unknown number.
    if request.if_exists not in (pb.IF_EXISTS_UNSPECIFIED, pb.IF_EXISTS_REPLACE):
        raise InvalidArgumentError(
            "if_exists", f"must be a value of the enum, is {request.if_exists}"
        )
    return request.if_exists == pb.IF_EXISTS_REPLACE
