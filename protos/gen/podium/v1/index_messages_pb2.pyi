from podium.v1 import event_pb2 as _event_pb2
from podium.v1 import search_pb2 as _search_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Wait(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WAIT_UNSPECIFIED: _ClassVar[Wait]
    WAIT_ACCEPTED: _ClassVar[Wait]
    WAIT_INDEXED: _ClassVar[Wait]
WAIT_UNSPECIFIED: Wait
WAIT_ACCEPTED: Wait
WAIT_INDEXED: Wait

class SetupRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetupResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class IndexWorkflowRequest(_message.Message):
    __slots__ = ("workflow", "wait")
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    workflow: _search_pb2.WorkflowSummary
    wait: Wait
    def __init__(self, workflow: _Optional[_Union[_search_pb2.WorkflowSummary, _Mapping]] = ..., wait: _Optional[_Union[Wait, str]] = ...) -> None: ...

class IndexWorkflowResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class IndexTaskRequest(_message.Message):
    __slots__ = ("task", "wait")
    TASK_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    task: _search_pb2.TaskSummary
    wait: Wait
    def __init__(self, task: _Optional[_Union[_search_pb2.TaskSummary, _Mapping]] = ..., wait: _Optional[_Union[Wait, str]] = ...) -> None: ...

class IndexTaskResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class IndexServiceUpdateWorkflowRequest(_message.Message):
    __slots__ = ("workflow_id", "fields_json", "wait")
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    fields_json: str
    wait: Wait
    def __init__(self, workflow_id: _Optional[str] = ..., fields_json: _Optional[str] = ..., wait: _Optional[_Union[Wait, str]] = ...) -> None: ...

class IndexServiceUpdateWorkflowResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class IndexServiceUpdateTaskRequest(_message.Message):
    __slots__ = ("workflow_id", "task_id", "fields_json", "wait")
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    task_id: str
    fields_json: str
    wait: Wait
    def __init__(self, workflow_id: _Optional[str] = ..., task_id: _Optional[str] = ..., fields_json: _Optional[str] = ..., wait: _Optional[_Union[Wait, str]] = ...) -> None: ...

class IndexServiceUpdateTaskResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class IndexServiceRemoveWorkflowRequest(_message.Message):
    __slots__ = ("workflow_id", "wait", "include_tasks")
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_TASKS_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    wait: Wait
    include_tasks: bool
    def __init__(self, workflow_id: _Optional[str] = ..., wait: _Optional[_Union[Wait, str]] = ..., include_tasks: _Optional[bool] = ...) -> None: ...

class IndexServiceRemoveWorkflowResponse(_message.Message):
    __slots__ = ("removed",)
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    removed: bool
    def __init__(self, removed: _Optional[bool] = ...) -> None: ...

class IndexServiceRemoveTaskRequest(_message.Message):
    __slots__ = ("workflow_id", "task_id", "wait")
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    task_id: str
    wait: Wait
    def __init__(self, workflow_id: _Optional[str] = ..., task_id: _Optional[str] = ..., wait: _Optional[_Union[Wait, str]] = ...) -> None: ...

class IndexServiceRemoveTaskResponse(_message.Message):
    __slots__ = ("removed",)
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    removed: bool
    def __init__(self, removed: _Optional[bool] = ...) -> None: ...

class SearchWorkflowsRequest(_message.Message):
    __slots__ = ("query", "free_text", "start", "count", "sort", "page_token", "lucene_query")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    FREE_TEXT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LUCENE_QUERY_FIELD_NUMBER: _ClassVar[int]
    query: str
    free_text: str
    start: int
    count: int
    sort: _containers.RepeatedScalarFieldContainer[str]
    page_token: str
    lucene_query: str
    def __init__(self, query: _Optional[str] = ..., free_text: _Optional[str] = ..., start: _Optional[int] = ..., count: _Optional[int] = ..., sort: _Optional[_Iterable[str]] = ..., page_token: _Optional[str] = ..., lucene_query: _Optional[str] = ...) -> None: ...

class SearchWorkflowsResponse(_message.Message):
    __slots__ = ("total_hits", "workflow_ids", "next_page_token")
    TOTAL_HITS_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_IDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    total_hits: int
    workflow_ids: _containers.RepeatedScalarFieldContainer[str]
    next_page_token: str
    def __init__(self, total_hits: _Optional[int] = ..., workflow_ids: _Optional[_Iterable[str]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SearchWorkflowSummaryRequest(_message.Message):
    __slots__ = ("query", "free_text", "start", "count", "sort", "page_token", "lucene_query")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    FREE_TEXT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LUCENE_QUERY_FIELD_NUMBER: _ClassVar[int]
    query: str
    free_text: str
    start: int
    count: int
    sort: _containers.RepeatedScalarFieldContainer[str]
    page_token: str
    lucene_query: str
    def __init__(self, query: _Optional[str] = ..., free_text: _Optional[str] = ..., start: _Optional[int] = ..., count: _Optional[int] = ..., sort: _Optional[_Iterable[str]] = ..., page_token: _Optional[str] = ..., lucene_query: _Optional[str] = ...) -> None: ...

class SearchWorkflowSummaryResponse(_message.Message):
    __slots__ = ("total_hits", "workflows", "unreadable_ids", "next_page_token")
    TOTAL_HITS_FIELD_NUMBER: _ClassVar[int]
    WORKFLOWS_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    total_hits: int
    workflows: _containers.RepeatedCompositeFieldContainer[_search_pb2.WorkflowSummary]
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    next_page_token: str
    def __init__(self, total_hits: _Optional[int] = ..., workflows: _Optional[_Iterable[_Union[_search_pb2.WorkflowSummary, _Mapping]]] = ..., unreadable_ids: _Optional[_Iterable[str]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SearchTasksRequest(_message.Message):
    __slots__ = ("query", "free_text", "start", "count", "sort", "page_token", "lucene_query")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    FREE_TEXT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LUCENE_QUERY_FIELD_NUMBER: _ClassVar[int]
    query: str
    free_text: str
    start: int
    count: int
    sort: _containers.RepeatedScalarFieldContainer[str]
    page_token: str
    lucene_query: str
    def __init__(self, query: _Optional[str] = ..., free_text: _Optional[str] = ..., start: _Optional[int] = ..., count: _Optional[int] = ..., sort: _Optional[_Iterable[str]] = ..., page_token: _Optional[str] = ..., lucene_query: _Optional[str] = ...) -> None: ...

class SearchTasksResponse(_message.Message):
    __slots__ = ("total_hits", "task_ids", "next_page_token")
    TOTAL_HITS_FIELD_NUMBER: _ClassVar[int]
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    total_hits: int
    task_ids: _containers.RepeatedScalarFieldContainer[str]
    next_page_token: str
    def __init__(self, total_hits: _Optional[int] = ..., task_ids: _Optional[_Iterable[str]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SearchTaskSummaryRequest(_message.Message):
    __slots__ = ("query", "free_text", "start", "count", "sort", "page_token", "lucene_query")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    FREE_TEXT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LUCENE_QUERY_FIELD_NUMBER: _ClassVar[int]
    query: str
    free_text: str
    start: int
    count: int
    sort: _containers.RepeatedScalarFieldContainer[str]
    page_token: str
    lucene_query: str
    def __init__(self, query: _Optional[str] = ..., free_text: _Optional[str] = ..., start: _Optional[int] = ..., count: _Optional[int] = ..., sort: _Optional[_Iterable[str]] = ..., page_token: _Optional[str] = ..., lucene_query: _Optional[str] = ...) -> None: ...

class SearchTaskSummaryResponse(_message.Message):
    __slots__ = ("total_hits", "tasks", "unreadable_ids", "next_page_token")
    TOTAL_HITS_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    total_hits: int
    tasks: _containers.RepeatedCompositeFieldContainer[_search_pb2.TaskSummary]
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    next_page_token: str
    def __init__(self, total_hits: _Optional[int] = ..., tasks: _Optional[_Iterable[_Union[_search_pb2.TaskSummary, _Mapping]]] = ..., unreadable_ids: _Optional[_Iterable[str]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetWorkflowCountRequest(_message.Message):
    __slots__ = ("query", "free_text", "lucene_query")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    FREE_TEXT_FIELD_NUMBER: _ClassVar[int]
    LUCENE_QUERY_FIELD_NUMBER: _ClassVar[int]
    query: str
    free_text: str
    lucene_query: str
    def __init__(self, query: _Optional[str] = ..., free_text: _Optional[str] = ..., lucene_query: _Optional[str] = ...) -> None: ...

class GetWorkflowCountResponse(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("workflow_id", "field")
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    field: str
    def __init__(self, workflow_id: _Optional[str] = ..., field: _Optional[str] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("value_json",)
    VALUE_JSON_FIELD_NUMBER: _ClassVar[int]
    value_json: str
    def __init__(self, value_json: _Optional[str] = ...) -> None: ...

class AddTaskExecutionLogsRequest(_message.Message):
    __slots__ = ("logs", "wait")
    LOGS_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    logs: _containers.RepeatedCompositeFieldContainer[_search_pb2.TaskExecLog]
    wait: Wait
    def __init__(self, logs: _Optional[_Iterable[_Union[_search_pb2.TaskExecLog, _Mapping]]] = ..., wait: _Optional[_Union[Wait, str]] = ...) -> None: ...

class AddTaskExecutionLogsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetTaskExecutionLogsRequest(_message.Message):
    __slots__ = ("task_id", "count")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    count: int
    def __init__(self, task_id: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class GetTaskExecutionLogsResponse(_message.Message):
    __slots__ = ("logs",)
    LOGS_FIELD_NUMBER: _ClassVar[int]
    logs: _containers.RepeatedCompositeFieldContainer[_search_pb2.TaskExecLog]
    def __init__(self, logs: _Optional[_Iterable[_Union[_search_pb2.TaskExecLog, _Mapping]]] = ...) -> None: ...

class IndexServiceAddEventExecutionRequest(_message.Message):
    __slots__ = ("event_execution", "wait")
    EVENT_EXECUTION_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    event_execution: _event_pb2.EventExecution
    wait: Wait
    def __init__(self, event_execution: _Optional[_Union[_event_pb2.EventExecution, _Mapping]] = ..., wait: _Optional[_Union[Wait, str]] = ...) -> None: ...

class IndexServiceAddEventExecutionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetEventExecutionsRequest(_message.Message):
    __slots__ = ("event", "count")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    event: str
    count: int
    def __init__(self, event: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class GetEventExecutionsResponse(_message.Message):
    __slots__ = ("event_executions",)
    EVENT_EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    event_executions: _containers.RepeatedCompositeFieldContainer[_event_pb2.EventExecution]
    def __init__(self, event_executions: _Optional[_Iterable[_Union[_event_pb2.EventExecution, _Mapping]]] = ...) -> None: ...

class AddMessageRequest(_message.Message):
    __slots__ = ("message", "wait")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    message: _search_pb2.IndexedMessage
    wait: Wait
    def __init__(self, message: _Optional[_Union[_search_pb2.IndexedMessage, _Mapping]] = ..., wait: _Optional[_Union[Wait, str]] = ...) -> None: ...

class AddMessageResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetMessagesRequest(_message.Message):
    __slots__ = ("queue_name", "count")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    count: int
    def __init__(self, queue_name: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class GetMessagesResponse(_message.Message):
    __slots__ = ("messages",)
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[_search_pb2.IndexedMessage]
    def __init__(self, messages: _Optional[_Iterable[_Union[_search_pb2.IndexedMessage, _Mapping]]] = ...) -> None: ...

class SearchArchivableWorkflowsRequest(_message.Message):
    __slots__ = ("index_name", "archive_ttl_days")
    INDEX_NAME_FIELD_NUMBER: _ClassVar[int]
    ARCHIVE_TTL_DAYS_FIELD_NUMBER: _ClassVar[int]
    index_name: str
    archive_ttl_days: int
    def __init__(self, index_name: _Optional[str] = ..., archive_ttl_days: _Optional[int] = ...) -> None: ...

class SearchArchivableWorkflowsResponse(_message.Message):
    __slots__ = ("workflow_ids",)
    WORKFLOW_IDS_FIELD_NUMBER: _ClassVar[int]
    workflow_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, workflow_ids: _Optional[_Iterable[str]] = ...) -> None: ...
