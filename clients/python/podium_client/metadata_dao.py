"""The MetadataDAO over gRPC. Definitions may also be the dicts that JSON files hold."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium.v1 import metadata_service_pb2 as pb
from podium_client import definitions, records
from podium_client.calls import Calls
from podium_client.definitions import Document
from podium_client.methods import method
from podium_core.models import Page, TaskDef, WorkflowDef
from podium_core.ports import MetadataDAO
from podium_protocol import codec

_CREATE_TASK_DEF = method(pb.CreateTaskDefRequest, pb.CreateTaskDefResponse)
_UPDATE_TASK_DEF = method(pb.UpdateTaskDefRequest, pb.UpdateTaskDefResponse)
_GET_TASK_DEF = method(pb.GetTaskDefRequest, pb.GetTaskDefResponse)
_ALL_TASK_DEFS = method(pb.GetAllTaskDefsRequest, pb.GetAllTaskDefsResponse)
_REMOVE_TASK_DEF = method(pb.RemoveTaskDefRequest, pb.RemoveTaskDefResponse)
_CREATE_WORKFLOW_DEF = method(pb.CreateWorkflowDefRequest, pb.CreateWorkflowDefResponse)
_UPDATE_WORKFLOW_DEF = method(pb.UpdateWorkflowDefRequest, pb.UpdateWorkflowDefResponse)
_LATEST_WORKFLOW_DEF = method(pb.GetLatestWorkflowDefRequest, pb.GetLatestWorkflowDefResponse)
_GET_WORKFLOW_DEF = method(pb.GetWorkflowDefRequest, pb.GetWorkflowDefResponse)
_REMOVE_WORKFLOW_DEF = method(pb.RemoveWorkflowDefRequest, pb.RemoveWorkflowDefResponse)
_ALL_WORKFLOW_DEFS = method(pb.GetAllWorkflowDefsRequest, pb.GetAllWorkflowDefsResponse)
_LATEST_WORKFLOW_DEFS = method(
    pb.GetAllWorkflowDefsLatestVersionsRequest, pb.GetAllWorkflowDefsLatestVersionsResponse
)
_WORKFLOW_NAMES = method(pb.GetWorkflowNamesRequest, pb.GetWorkflowNamesResponse)
_WORKFLOW_VERSIONS = method(pb.GetWorkflowVersionsRequest, pb.GetWorkflowVersionsResponse)


class RemoteMetadataDAO:
    """Task and workflow definitions of a server; ``MetadataDAO`` says what each method does."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def create_task_def(self, task_def: TaskDef | Document) -> None:
        message = records.below("task_def", codec.task_def_to_proto, definitions.task_def(task_def))
        await self._calls.unary(_CREATE_TASK_DEF, task_def=message)

    async def update_task_def(self, task_def: TaskDef | Document) -> None:
        message = records.below("task_def", codec.task_def_to_proto, definitions.task_def(task_def))
        await self._calls.unary(_UPDATE_TASK_DEF, task_def=message)

    async def get_task_def(self, name: str) -> TaskDef | None:
        response = await self._calls.find(_GET_TASK_DEF, name=name)
        return None if response is None else codec.task_def_from_answer(response.task_def)

    def get_all_task_defs(self, *, resume_token: str = "") -> AsyncIterator[Page[TaskDef]]:
        request = _ALL_TASK_DEFS.request(resume_token=resume_token)
        return self._calls.pages(
            _ALL_TASK_DEFS,
            request,
            lambda chunk: records.page(map(codec.task_def_from_answer, chunk.task_defs), chunk),
        )

    async def remove_task_def(self, name: str) -> None:
        await self._calls.unary(_REMOVE_TASK_DEF, name=name)

    async def create_workflow_def(self, workflow_def: WorkflowDef | Document) -> None:
        message = records.below(
            "workflow_def", codec.workflow_def_to_proto, definitions.workflow_def(workflow_def)
        )
        await self._calls.unary(_CREATE_WORKFLOW_DEF, workflow_def=message)

    async def update_workflow_def(self, workflow_def: WorkflowDef | Document) -> None:
        message = records.below(
            "workflow_def", codec.workflow_def_to_proto, definitions.workflow_def(workflow_def)
        )
        await self._calls.unary(_UPDATE_WORKFLOW_DEF, workflow_def=message)

    async def get_latest_workflow_def(self, name: str) -> WorkflowDef | None:
        response = await self._calls.find(_LATEST_WORKFLOW_DEF, name=name)
        return None if response is None else codec.workflow_def_from_answer(response.workflow_def)

    async def get_workflow_def(self, name: str, version: int) -> WorkflowDef | None:
        response = await self._calls.find(_GET_WORKFLOW_DEF, name=name, version=version)
        return None if response is None else codec.workflow_def_from_answer(response.workflow_def)

    async def remove_workflow_def(self, name: str, version: int) -> None:
        await self._calls.unary(_REMOVE_WORKFLOW_DEF, name=name, version=version)

    def get_all_workflow_defs(self, *, resume_token: str = "") -> AsyncIterator[Page[WorkflowDef]]:
        request = _ALL_WORKFLOW_DEFS.request(resume_token=resume_token)
        return self._calls.pages(_ALL_WORKFLOW_DEFS, request, _workflow_def_page)

    def get_all_workflow_defs_latest_versions(
        self, *, resume_token: str = ""
    ) -> AsyncIterator[Page[WorkflowDef]]:
        request = _LATEST_WORKFLOW_DEFS.request(resume_token=resume_token)
        return self._calls.pages(_LATEST_WORKFLOW_DEFS, request, _workflow_def_page)

    async def get_workflow_names(self) -> list[str]:
        return list((await self._calls.unary(_WORKFLOW_NAMES)).names)

    async def get_workflow_versions(self, name: str) -> list[int]:
        return list((await self._calls.unary(_WORKFLOW_VERSIONS, name=name)).versions)


def _workflow_def_page(
    chunk: pb.GetAllWorkflowDefsResponse | pb.GetAllWorkflowDefsLatestVersionsResponse,
) -> Page[WorkflowDef]:
    return records.page(map(codec.workflow_def_from_answer, chunk.workflow_defs), chunk)


_: type[MetadataDAO] = RemoteMetadataDAO
