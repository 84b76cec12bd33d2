"""The IndexDAO over gRPC."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Raw

from podium.v1 import index_messages_pb2 as pb
from podium_client import records
from podium_client.calls import Calls
from podium_client.methods import method
from podium_core.errors import InvalidArgumentError
from podium_core.index import EntryKind
from podium_core.index.kinds import SEARCHED
from podium_core.models import (
    EventExecution,
    IndexedMessage,
    SearchResult,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)
from podium_core.models.json_text import raw_text
from podium_core.ports import IndexDAO
from podium_protocol import codec
from podium_protocol.rpcs import Repeat

T = TypeVar("T")

_SETUP = method(pb.SetupRequest, pb.SetupResponse)
_INDEX_WORKFLOW = method(pb.IndexWorkflowRequest, pb.IndexWorkflowResponse)
_INDEX_TASK = method(pb.IndexTaskRequest, pb.IndexTaskResponse)
_UPDATE_WORKFLOW = method(
    pb.IndexServiceUpdateWorkflowRequest, pb.IndexServiceUpdateWorkflowResponse
)
_UPDATE_TASK = method(pb.IndexServiceUpdateTaskRequest, pb.IndexServiceUpdateTaskResponse)
_REMOVE_WORKFLOW = method(
    pb.IndexServiceRemoveWorkflowRequest, pb.IndexServiceRemoveWorkflowResponse
)
_REMOVE_TASK = method(pb.IndexServiceRemoveTaskRequest, pb.IndexServiceRemoveTaskResponse)
_SEARCH_WORKFLOWS = method(pb.SearchWorkflowsRequest, pb.SearchWorkflowsResponse)
_WORKFLOW_SUMMARIES = method(pb.SearchWorkflowSummaryRequest, pb.SearchWorkflowSummaryResponse)
_SEARCH_TASKS = method(pb.SearchTasksRequest, pb.SearchTasksResponse)
_TASK_SUMMARIES = method(pb.SearchTaskSummaryRequest, pb.SearchTaskSummaryResponse)
_COUNT = method(pb.GetWorkflowCountRequest, pb.GetWorkflowCountResponse)
_GET = method(pb.GetRequest, pb.GetResponse)
_ARCHIVABLE = method(pb.SearchArchivableWorkflowsRequest, pb.SearchArchivableWorkflowsResponse)
_ADD_LOGS = method(pb.AddTaskExecutionLogsRequest, pb.AddTaskExecutionLogsResponse)
_ADD_KEYED_LOGS = method(
    pb.AddTaskExecutionLogsRequest, pb.AddTaskExecutionLogsResponse, repeat=Repeat.KEYED
)
_GET_LOGS = method(pb.GetTaskExecutionLogsRequest, pb.GetTaskExecutionLogsResponse)
# The ids that these two can't do without are the key.
_ADD_EVENT_EXECUTION = method(
    pb.IndexServiceAddEventExecutionRequest,
    pb.IndexServiceAddEventExecutionResponse,
    repeat=Repeat.KEYED,
)
_ADD_MESSAGE = method(pb.AddMessageRequest, pb.AddMessageResponse, repeat=Repeat.KEYED)
_GET_EVENT_EXECUTIONS = method(pb.GetEventExecutionsRequest, pb.GetEventExecutionsResponse)
_GET_MESSAGES = method(pb.GetMessagesRequest, pb.GetMessagesResponse)


class RemoteIndexDAO:
    """The index of a server; ``IndexDAO`` says what each method does."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def setup(self) -> None:
        await self._calls.unary(_SETUP)

    # workflows and tasks

    async def index_workflow(self, workflow: WorkflowSummary, *, wait: Wait = Wait.INDEXED) -> None:
        message = records.below("workflow", codec.workflow_summary_to_proto, workflow)
        await self._calls.unary(_INDEX_WORKFLOW, workflow=message, wait=codec.wait_to_proto(wait))

    async def index_task(self, task: TaskSummary, *, wait: Wait = Wait.INDEXED) -> None:
        message = records.below("task", codec.task_summary_to_proto, task)
        await self._calls.unary(_INDEX_TASK, task=message, wait=codec.wait_to_proto(wait))

    async def update_workflow(
        self, workflow_id: str, fields: Raw, *, wait: Wait = Wait.INDEXED
    ) -> None:
        await self._calls.unary(
            _UPDATE_WORKFLOW,
            workflow_id=workflow_id,
            fields_json=_fields_text(fields),
            wait=codec.wait_to_proto(wait),
        )

    async def update_task(
        self, workflow_id: str, task_id: str, fields: Raw, *, wait: Wait = Wait.INDEXED
    ) -> None:
        await self._calls.unary(
            _UPDATE_TASK,
            workflow_id=workflow_id,
            task_id=task_id,
            fields_json=_fields_text(fields),
            wait=codec.wait_to_proto(wait),
        )

    async def remove_workflow(
        self, workflow_id: str, *, include_tasks: bool = False, wait: Wait = Wait.INDEXED
    ) -> bool | None:
        response = await self._calls.unary(
            _REMOVE_WORKFLOW,
            workflow_id=workflow_id,
            include_tasks=include_tasks,
            wait=codec.wait_to_proto(wait),
        )
        return response.removed if response.HasField("removed") else None

    async def remove_task(
        self, workflow_id: str, task_id: str, *, wait: Wait = Wait.INDEXED
    ) -> bool | None:
        response = await self._calls.unary(
            _REMOVE_TASK,
            workflow_id=workflow_id,
            task_id=task_id,
            wait=codec.wait_to_proto(wait),
        )
        return response.removed if response.HasField("removed") else None

    # searching

    async def search_workflows(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
        page_token: str = "",
        lucene_query: str = "",
    ) -> SearchResult[str]:
        found = await self._calls.unary(
            _SEARCH_WORKFLOWS,
            query=query,
            free_text=free_text,
            start=start,
            count=count,
            sort=sort,
            page_token=page_token,
            lucene_query=lucene_query,
        )
        return SearchResult(
            total_hits=found.total_hits,
            results=tuple(found.workflow_ids),
            next_page_token=found.next_page_token,
        )

    async def search_workflow_summary(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
        page_token: str = "",
        lucene_query: str = "",
    ) -> SearchResult[WorkflowSummary]:
        found = await self._calls.unary(
            _WORKFLOW_SUMMARIES,
            query=query,
            free_text=free_text,
            start=start,
            count=count,
            sort=sort,
            page_token=page_token,
            lucene_query=lucene_query,
        )
        return SearchResult(
            total_hits=found.total_hits,
            results=tuple(map(records.workflow_summary, found.workflows)),
            unreadable_ids=tuple(found.unreadable_ids),
            next_page_token=found.next_page_token,
        )

    async def search_tasks(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
        page_token: str = "",
        lucene_query: str = "",
    ) -> SearchResult[str]:
        found = await self._calls.unary(
            _SEARCH_TASKS,
            query=query,
            free_text=free_text,
            start=start,
            count=count,
            sort=sort,
            page_token=page_token,
            lucene_query=lucene_query,
        )
        return SearchResult(
            total_hits=found.total_hits,
            results=tuple(found.task_ids),
            next_page_token=found.next_page_token,
        )

    async def search_task_summary(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
        page_token: str = "",
        lucene_query: str = "",
    ) -> SearchResult[TaskSummary]:
        found = await self._calls.unary(
            _TASK_SUMMARIES,
            query=query,
            free_text=free_text,
            start=start,
            count=count,
            sort=sort,
            page_token=page_token,
            lucene_query=lucene_query,
        )
        return SearchResult(
            total_hits=found.total_hits,
            results=tuple(map(records.task_summary, found.tasks)),
            unreadable_ids=tuple(found.unreadable_ids),
            next_page_token=found.next_page_token,
        )

    def search(
        self,
        query: str = "",
        free_text: str = "",
        *,
        lucene_query: str = "",
        sort: Sequence[str] = (),
        page_size: int = 100,
    ) -> AsyncGenerator[WorkflowSummary]:
        """All workflows that match, page after page: ``async for hit in podium.index.search("status = 'FAILED'"):``.

        Args:
            query: As of ``IndexDAO.search_workflows``, with ``free_text``.
            free_text: Words to search for.
            lucene_query: As there.
            sort: As there; none: the newest first. What doesn't change meanwhile comes exactly once.
            page_size: How many are asked for at once.
        """
        return _every_hit(
            partial(
                self.search_workflow_summary,
                query,
                free_text,
                count=page_size,
                sort=sort or _newest_first(EntryKind.WORKFLOW),
                lucene_query=lucene_query,
            )
        )

    def search_each_task(
        self,
        query: str = "",
        free_text: str = "",
        *,
        lucene_query: str = "",
        sort: Sequence[str] = (),
        page_size: int = 100,
    ) -> AsyncGenerator[TaskSummary]:
        """All tasks that match, as ``search`` gives workflows; without ``sort`` the last updated first."""
        return _every_hit(
            partial(
                self.search_task_summary,
                query,
                free_text,
                count=page_size,
                sort=sort or _newest_first(EntryKind.TASK),
                lucene_query=lucene_query,
            )
        )

    async def get_workflow_count(
        self, query: str = "", free_text: str = "", *, lucene_query: str = ""
    ) -> int:
        response = await self._calls.unary(
            _COUNT, query=query, free_text=free_text, lucene_query=lucene_query
        )
        return response.count

    async def get(self, workflow_id: str, field: str) -> Raw | None:
        response = await self._calls.find(_GET, workflow_id=workflow_id, field=field)
        return None if response is None else Raw(response.value_json.encode())

    async def search_archivable_workflows(
        self, archive_ttl_days: int, *, index_name: str = ""
    ) -> list[str]:
        response = await self._calls.unary(
            _ARCHIVABLE, archive_ttl_days=archive_ttl_days, index_name=index_name
        )
        return list(response.workflow_ids)

    # what is kept for looking up

    async def add_task_execution_logs(
        self, logs: Sequence[TaskExecLog], *, wait: Wait = Wait.INDEXED
    ) -> None:
        request: dict[str, Any] = {
            "logs": records.each_below("logs", codec.task_log_to_proto, logs),
            "wait": codec.wait_to_proto(wait),
        }
        keyed = all(log.id is not UNSET for log in logs)
        await self._calls.unary(_ADD_KEYED_LOGS if keyed else _ADD_LOGS, **request)

    async def get_task_execution_logs(
        self, task_id: str, *, count: int | None = None
    ) -> list[TaskExecLog]:
        response = await self._calls.unary(_GET_LOGS, task_id=task_id, count=count)
        return [codec.task_log_from_proto(log) for log in response.logs]

    async def add_event_execution(
        self, event_execution: EventExecution, *, wait: Wait = Wait.INDEXED
    ) -> None:
        await self._calls.unary(
            _ADD_EVENT_EXECUTION,
            event_execution=records.event_execution_message(event_execution),
            wait=codec.wait_to_proto(wait),
        )

    async def get_event_executions(self, event: str, *, count: int = 1_000) -> list[EventExecution]:
        response = await self._calls.unary(_GET_EVENT_EXECUTIONS, event=event, count=count)
        return [records.event_execution(found) for found in response.event_executions]

    async def add_message(self, message: IndexedMessage, *, wait: Wait = Wait.INDEXED) -> None:
        sent = records.below("message", codec.indexed_message_to_proto, message)
        await self._calls.unary(_ADD_MESSAGE, message=sent, wait=codec.wait_to_proto(wait))

    async def get_messages(self, queue_name: str, *, count: int = 1_000) -> list[IndexedMessage]:
        response = await self._calls.unary(_GET_MESSAGES, queue_name=queue_name, count=count)
        return [codec.indexed_message_from_proto(found) for found in response.messages]


def _newest_first(kind: EntryKind) -> Sequence[str]:
    return (f"{SEARCHED[kind].newest}:DESC",)


async def _every_hit(page_of: Callable[..., Awaitable[SearchResult[T]]]) -> AsyncGenerator[T]:
    """The hits of all pages, each asked for with the token of the one before."""
    token = ""
    while True:
        page = await page_of(page_token=token)
        for hit in page.results:
            yield hit
        token = page.next_page_token
        if not token:
            return


def _fields_text(fields: msgspec.Raw) -> str:
    try:
        return raw_text(fields)
    except UnicodeDecodeError as error:
        raise InvalidArgumentError("fields_json", "isn't UTF-8") from error


_: type[IndexDAO] = RemoteIndexDAO
