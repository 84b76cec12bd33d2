"""MetadataService."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium.v1 import metadata_service_pb2 as pb
from podium_core.errors import NotFoundError
from podium_protocol import codec
from podium_server.facade.facade import Facade
from podium_server.interceptors import Call
from podium_server.services.paging import TASK_DEFS, WORKFLOW_DEFS, chunks
from podium_server.services.request_checks import require_present

_TASK_DEF = "task definition"
_WORKFLOW_DEF = "workflow definition"


class MetadataServicer:
    """One facade call for each RPC."""

    def __init__(self, facade: Facade) -> None:
        self._metadata = facade.metadata

    async def CreateTaskDef(
        self, request: pb.CreateTaskDefRequest, call: Call
    ) -> pb.CreateTaskDefResponse:
        task_def = codec.task_def_from_proto(require_present(request, "task_def"), "task_def")
        await self._metadata.create_task_def(task_def)
        return pb.CreateTaskDefResponse()

    async def UpdateTaskDef(
        self, request: pb.UpdateTaskDefRequest, call: Call
    ) -> pb.UpdateTaskDefResponse:
        task_def = codec.task_def_from_proto(require_present(request, "task_def"), "task_def")
        await self._metadata.update_task_def(task_def)
        return pb.UpdateTaskDefResponse()

    async def GetTaskDef(self, request: pb.GetTaskDefRequest, call: Call) -> pb.GetTaskDefResponse:
        found = await self._metadata.get_task_def(request.name)
        if found is None:
            raise NotFoundError(_TASK_DEF, request.name)
        return pb.GetTaskDefResponse(task_def=codec.task_def_to_proto(found))

    def GetAllTaskDefs(
        self, request: pb.GetAllTaskDefsRequest, call: Call
    ) -> AsyncIterator[pb.GetAllTaskDefsResponse]:
        return chunks(
            request,
            pb.GetAllTaskDefsResponse,
            TASK_DEFS,
            lambda token: self._metadata.get_all_task_defs(resume_token=token),
        )

    async def RemoveTaskDef(
        self, request: pb.RemoveTaskDefRequest, call: Call
    ) -> pb.RemoveTaskDefResponse:
        await self._metadata.remove_task_def(request.name)
        return pb.RemoveTaskDefResponse()

    async def CreateWorkflowDef(
        self, request: pb.CreateWorkflowDefRequest, call: Call
    ) -> pb.CreateWorkflowDefResponse:
        message = require_present(request, "workflow_def")
        await self._metadata.create_workflow_def(
            codec.workflow_def_from_proto(message, "workflow_def")
        )
        return pb.CreateWorkflowDefResponse()

    async def UpdateWorkflowDef(
        self, request: pb.UpdateWorkflowDefRequest, call: Call
    ) -> pb.UpdateWorkflowDefResponse:
        message = require_present(request, "workflow_def")
        await self._metadata.update_workflow_def(
            codec.workflow_def_from_proto(message, "workflow_def")
        )
        return pb.UpdateWorkflowDefResponse()

    async def GetLatestWorkflowDef(
        self, request: pb.GetLatestWorkflowDefRequest, call: Call
    ) -> pb.GetLatestWorkflowDefResponse:
        found = await self._metadata.get_latest_workflow_def(request.name)
        if found is None:
            raise NotFoundError(_WORKFLOW_DEF, request.name)
        return pb.GetLatestWorkflowDefResponse(workflow_def=codec.workflow_def_to_proto(found))

    async def GetWorkflowDef(
        self, request: pb.GetWorkflowDefRequest, call: Call
    ) -> pb.GetWorkflowDefResponse:
        found = await self._metadata.get_workflow_def(request.name, request.version)
        if found is None:
            raise NotFoundError(_WORKFLOW_DEF, f"{request.name}:{request.version}")
        return pb.GetWorkflowDefResponse(workflow_def=codec.workflow_def_to_proto(found))

    async def RemoveWorkflowDef(
        self, request: pb.RemoveWorkflowDefRequest, call: Call
    ) -> pb.RemoveWorkflowDefResponse:
        await self._metadata.remove_workflow_def(request.name, request.version)
        return pb.RemoveWorkflowDefResponse()

    def GetAllWorkflowDefs(
        self, request: pb.GetAllWorkflowDefsRequest, call: Call
    ) -> AsyncIterator[pb.GetAllWorkflowDefsResponse]:
        return chunks(
            request,
            pb.GetAllWorkflowDefsResponse,
            WORKFLOW_DEFS,
            lambda token: self._metadata.get_all_workflow_defs(resume_token=token),
        )

    def GetAllWorkflowDefsLatestVersions(
        self, request: pb.GetAllWorkflowDefsLatestVersionsRequest, call: Call
    ) -> AsyncIterator[pb.GetAllWorkflowDefsLatestVersionsResponse]:
        return chunks(
            request,
            pb.GetAllWorkflowDefsLatestVersionsResponse,
            WORKFLOW_DEFS,
            lambda token: self._metadata.get_all_workflow_defs_latest_versions(resume_token=token),
        )

    async def GetWorkflowNames(
        self, request: pb.GetWorkflowNamesRequest, call: Call
    ) -> pb.GetWorkflowNamesResponse:
        return pb.GetWorkflowNamesResponse(names=await self._metadata.get_workflow_names())

    async def GetWorkflowVersions(
        self, request: pb.GetWorkflowVersionsRequest, call: Call
    ) -> pb.GetWorkflowVersionsResponse:
        versions = await self._metadata.get_workflow_versions(request.name)
        return pb.GetWorkflowVersionsResponse(versions=versions)
