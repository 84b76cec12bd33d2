"""IndexService."""

from __future__ import annotations

from typing import Protocol, TypedDict

from podium.v1 import index_messages_pb2 as pb
from podium_core.errors import FailedPreconditionError, NotFoundError
from podium_core.models.json_text import json_object, raw_text
from podium_core.ports import IndexDAO
from podium_protocol import codec
from podium_server.facade.facade import Facade
from podium_server.interceptors import Call
from podium_server.services.request_checks import optional, require_present
from podium_server.services.turns import append_in_turns

DEFAULT_SEARCH_COUNT = 100
DEFAULT_LOOKUP_COUNT = 1_000


class IndexServicer:
    """One facade call for each RPC; each refuses where no index is routed."""

    def __init__(self, facade: Facade) -> None:
        self._facade = facade

    @property
    def _index(self) -> IndexDAO:
        index = self._facade.index
        if index is None:
            raise FailedPreconditionError(
                "NO_INDEX", "routing/index", "no index is routed: set routing.index to a store"
            )
        return index

    async def Setup(self, request: pb.SetupRequest, call: Call) -> pb.SetupResponse:
        await self._index.setup()
        return pb.SetupResponse()

    # workflows and tasks

    async def IndexWorkflow(
        self, request: pb.IndexWorkflowRequest, call: Call
    ) -> pb.IndexWorkflowResponse:
        message = require_present(request, "workflow")
        await self._index.index_workflow(
            codec.workflow_summary_from_proto(message, "workflow"),
            wait=codec.wait_from_proto(request.wait),
        )
        return pb.IndexWorkflowResponse()

    async def IndexTask(self, request: pb.IndexTaskRequest, call: Call) -> pb.IndexTaskResponse:
        message = require_present(request, "task")
        await self._index.index_task(
            codec.task_summary_from_proto(message, "task"), wait=codec.wait_from_proto(request.wait)
        )
        return pb.IndexTaskResponse()

    async def UpdateWorkflow(
        self, request: pb.IndexServiceUpdateWorkflowRequest, call: Call
    ) -> pb.IndexServiceUpdateWorkflowResponse:
        await self._index.update_workflow(
            request.workflow_id,
            json_object(request.fields_json, "fields_json"),
            wait=codec.wait_from_proto(request.wait),
        )
        return pb.IndexServiceUpdateWorkflowResponse()

    async def UpdateTask(
        self, request: pb.IndexServiceUpdateTaskRequest, call: Call
    ) -> pb.IndexServiceUpdateTaskResponse:
        await self._index.update_task(
            request.workflow_id,
            request.task_id,
            json_object(request.fields_json, "fields_json"),
            wait=codec.wait_from_proto(request.wait),
        )
        return pb.IndexServiceUpdateTaskResponse()

    async def RemoveWorkflow(
        self, request: pb.IndexServiceRemoveWorkflowRequest, call: Call
    ) -> pb.IndexServiceRemoveWorkflowResponse:
        removed = await self._index.remove_workflow(
            request.workflow_id,
            include_tasks=request.include_tasks,
            wait=codec.wait_from_proto(request.wait),
        )
        return pb.IndexServiceRemoveWorkflowResponse(removed=removed)

    async def RemoveTask(
        self, request: pb.IndexServiceRemoveTaskRequest, call: Call
    ) -> pb.IndexServiceRemoveTaskResponse:
        removed = await self._index.remove_task(
            request.workflow_id, request.task_id, wait=codec.wait_from_proto(request.wait)
        )
        return pb.IndexServiceRemoveTaskResponse(removed=removed)

    # searching

    async def SearchWorkflows(
        self, request: pb.SearchWorkflowsRequest, call: Call
    ) -> pb.SearchWorkflowsResponse:
        found = await self._index.search_workflows(
            request.query, request.free_text, **_page(request)
        )
        return pb.SearchWorkflowsResponse(
            total_hits=found.total_hits,
            workflow_ids=found.results,
            next_page_token=found.next_page_token,
        )

    async def SearchWorkflowSummary(
        self, request: pb.SearchWorkflowSummaryRequest, call: Call
    ) -> pb.SearchWorkflowSummaryResponse:
        found = await self._index.search_workflow_summary(
            request.query, request.free_text, **_page(request)
        )
        answer = pb.SearchWorkflowSummaryResponse(
            total_hits=found.total_hits,
            unreadable_ids=found.unreadable_ids,
            next_page_token=found.next_page_token,
        )
        await append_in_turns(answer.workflows, found.results, codec.workflow_summary_to_proto)
        return answer

    async def SearchTasks(
        self, request: pb.SearchTasksRequest, call: Call
    ) -> pb.SearchTasksResponse:
        found = await self._index.search_tasks(request.query, request.free_text, **_page(request))
        return pb.SearchTasksResponse(
            total_hits=found.total_hits,
            task_ids=found.results,
            next_page_token=found.next_page_token,
        )

    async def SearchTaskSummary(
        self, request: pb.SearchTaskSummaryRequest, call: Call
    ) -> pb.SearchTaskSummaryResponse:
        found = await self._index.search_task_summary(
            request.query, request.free_text, **_page(request)
        )
        answer = pb.SearchTaskSummaryResponse(
            total_hits=found.total_hits,
            unreadable_ids=found.unreadable_ids,
            next_page_token=found.next_page_token,
        )
        await append_in_turns(answer.tasks, found.results, codec.task_summary_to_proto)
        return answer

    async def GetWorkflowCount(
        self, request: pb.GetWorkflowCountRequest, call: Call
    ) -> pb.GetWorkflowCountResponse:
        count = await self._index.get_workflow_count(
            request.query, request.free_text, lucene_query=request.lucene_query
        )
        return pb.GetWorkflowCountResponse(count=count)

    async def Get(self, request: pb.GetRequest, call: Call) -> pb.GetResponse:
        value = await self._index.get(request.workflow_id, request.field)
        if value is None:
            raise NotFoundError("workflow entry field", f"{request.workflow_id}.{request.field}")
        return pb.GetResponse(value_json=raw_text(value))

    async def SearchArchivableWorkflows(
        self, request: pb.SearchArchivableWorkflowsRequest, call: Call
    ) -> pb.SearchArchivableWorkflowsResponse:
        ids = await self._index.search_archivable_workflows(
            request.archive_ttl_days, index_name=request.index_name
        )
        return pb.SearchArchivableWorkflowsResponse(workflow_ids=ids)

    # what is kept for looking up

    async def AddTaskExecutionLogs(
        self, request: pb.AddTaskExecutionLogsRequest, call: Call
    ) -> pb.AddTaskExecutionLogsResponse:
        await self._index.add_task_execution_logs(
            [codec.task_log_from_proto(log) for log in request.logs],
            wait=codec.wait_from_proto(request.wait),
        )
        return pb.AddTaskExecutionLogsResponse()

    async def GetTaskExecutionLogs(
        self, request: pb.GetTaskExecutionLogsRequest, call: Call
    ) -> pb.GetTaskExecutionLogsResponse:
        logs = await self._index.get_task_execution_logs(
            request.task_id, count=optional(request, "count")
        )
        answer = pb.GetTaskExecutionLogsResponse()
        await append_in_turns(answer.logs, logs, codec.task_log_to_proto)
        return answer

    async def AddEventExecution(
        self, request: pb.IndexServiceAddEventExecutionRequest, call: Call
    ) -> pb.IndexServiceAddEventExecutionResponse:
        message = require_present(request, "event_execution")
        await self._index.add_event_execution(
            codec.event_execution_from_proto(message, "event_execution"),
            wait=codec.wait_from_proto(request.wait),
        )
        return pb.IndexServiceAddEventExecutionResponse()

    async def GetEventExecutions(
        self, request: pb.GetEventExecutionsRequest, call: Call
    ) -> pb.GetEventExecutionsResponse:
        count = _count(request, DEFAULT_LOOKUP_COUNT)
        found = await self._index.get_event_executions(request.event, count=count)
        answer = pb.GetEventExecutionsResponse()
        await append_in_turns(answer.event_executions, found, codec.event_execution_to_proto)
        return answer

    async def AddMessage(self, request: pb.AddMessageRequest, call: Call) -> pb.AddMessageResponse:
        message = require_present(request, "message")
        await self._index.add_message(
            codec.indexed_message_from_proto(message), wait=codec.wait_from_proto(request.wait)
        )
        return pb.AddMessageResponse()

    async def GetMessages(
        self, request: pb.GetMessagesRequest, call: Call
    ) -> pb.GetMessagesResponse:
        count = _count(request, DEFAULT_LOOKUP_COUNT)
        found = await self._index.get_messages(request.queue_name, count=count)
        answer = pb.GetMessagesResponse()
        await append_in_turns(answer.messages, found, codec.indexed_message_to_proto)
        return answer


class _ResultRange(TypedDict):
    start: int
    count: int
    sort: list[str]
    page_token: str
    lucene_query: str


_Search = (
    pb.SearchWorkflowsRequest
    | pb.SearchWorkflowSummaryRequest
    | pb.SearchTasksRequest
    | pb.SearchTaskSummaryRequest
)


def _page(request: _Search) -> _ResultRange:
    count = _count(request, DEFAULT_SEARCH_COUNT)
    return _ResultRange(
        start=request.start,
        count=count,
        sort=list(request.sort),
        page_token=request.page_token,
        lucene_query=request.lucene_query,
    )


class _Counted(Protocol):
    count: int


def _count(request: _Counted, absent: int) -> int:
    count: int | None = optional(request, "count")
    return absent if count is None else count
