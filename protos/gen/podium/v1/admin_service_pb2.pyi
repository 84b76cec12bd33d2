from podium.v1 import commit_pb2 as _commit_pb2
from podium.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Durability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DURABILITY_UNSPECIFIED: _ClassVar[Durability]
    DURABILITY_SYNCED: _ClassVar[Durability]
    DURABILITY_STORE_CONFIGURED: _ClassVar[Durability]
    DURABILITY_NONE: _ClassVar[Durability]

class IndexProblem(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INDEX_PROBLEM_UNSPECIFIED: _ClassVar[IndexProblem]
    INDEX_PROBLEM_MISSING: _ClassVar[IndexProblem]
    INDEX_PROBLEM_STALE: _ClassVar[IndexProblem]
    INDEX_PROBLEM_SURPLUS: _ClassVar[IndexProblem]
    INDEX_PROBLEM_UNREADABLE: _ClassVar[IndexProblem]

class IndexEntryKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INDEX_ENTRY_KIND_UNSPECIFIED: _ClassVar[IndexEntryKind]
    INDEX_ENTRY_KIND_WORKFLOW: _ClassVar[IndexEntryKind]
    INDEX_ENTRY_KIND_TASK: _ClassVar[IndexEntryKind]

class QueueProblem(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUEUE_PROBLEM_UNSPECIFIED: _ClassVar[QueueProblem]
    QUEUE_PROBLEM_WORKFLOW_NOT_QUEUED: _ClassVar[QueueProblem]
    QUEUE_PROBLEM_TASK_NOT_QUEUED: _ClassVar[QueueProblem]
    QUEUE_PROBLEM_MESSAGE_WITHOUT_TASK: _ClassVar[QueueProblem]
    QUEUE_PROBLEM_MESSAGE_UNREADABLE: _ClassVar[QueueProblem]
DURABILITY_UNSPECIFIED: Durability
DURABILITY_SYNCED: Durability
DURABILITY_STORE_CONFIGURED: Durability
DURABILITY_NONE: Durability
INDEX_PROBLEM_UNSPECIFIED: IndexProblem
INDEX_PROBLEM_MISSING: IndexProblem
INDEX_PROBLEM_STALE: IndexProblem
INDEX_PROBLEM_SURPLUS: IndexProblem
INDEX_PROBLEM_UNREADABLE: IndexProblem
INDEX_ENTRY_KIND_UNSPECIFIED: IndexEntryKind
INDEX_ENTRY_KIND_WORKFLOW: IndexEntryKind
INDEX_ENTRY_KIND_TASK: IndexEntryKind
QUEUE_PROBLEM_UNSPECIFIED: QueueProblem
QUEUE_PROBLEM_WORKFLOW_NOT_QUEUED: QueueProblem
QUEUE_PROBLEM_TASK_NOT_QUEUED: QueueProblem
QUEUE_PROBLEM_MESSAGE_WITHOUT_TASK: QueueProblem
QUEUE_PROBLEM_MESSAGE_UNREADABLE: QueueProblem

class GetServerInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DataTypeInfo(_message.Message):
    __slots__ = ("data_type", "store_name", "backend_kind", "capabilities", "durability", "guarantees")
    DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    BACKEND_KIND_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    DURABILITY_FIELD_NUMBER: _ClassVar[int]
    GUARANTEES_FIELD_NUMBER: _ClassVar[int]
    data_type: str
    store_name: str
    backend_kind: str
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    durability: Durability
    guarantees: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, data_type: _Optional[str] = ..., store_name: _Optional[str] = ..., backend_kind: _Optional[str] = ..., capabilities: _Optional[_Iterable[str]] = ..., durability: _Optional[_Union[Durability, str]] = ..., guarantees: _Optional[_Iterable[str]] = ...) -> None: ...

class ServerLimits(_message.Message):
    __slots__ = ("max_message_bytes", "max_write_items", "max_write_bytes", "max_read_ids", "max_json_depth", "max_calls_in_flight", "default_deadline_ms", "workflow_payload_soft_limit_bytes", "workflow_payload_hard_limit_bytes", "task_payload_soft_limit_bytes", "task_payload_hard_limit_bytes")
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_WRITE_ITEMS_FIELD_NUMBER: _ClassVar[int]
    MAX_WRITE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_READ_IDS_FIELD_NUMBER: _ClassVar[int]
    MAX_JSON_DEPTH_FIELD_NUMBER: _ClassVar[int]
    MAX_CALLS_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_PAYLOAD_SOFT_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_PAYLOAD_HARD_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    TASK_PAYLOAD_SOFT_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    TASK_PAYLOAD_HARD_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    max_message_bytes: int
    max_write_items: int
    max_write_bytes: int
    max_read_ids: int
    max_json_depth: int
    max_calls_in_flight: int
    default_deadline_ms: int
    workflow_payload_soft_limit_bytes: int
    workflow_payload_hard_limit_bytes: int
    task_payload_soft_limit_bytes: int
    task_payload_hard_limit_bytes: int
    def __init__(self, max_message_bytes: _Optional[int] = ..., max_write_items: _Optional[int] = ..., max_write_bytes: _Optional[int] = ..., max_read_ids: _Optional[int] = ..., max_json_depth: _Optional[int] = ..., max_calls_in_flight: _Optional[int] = ..., default_deadline_ms: _Optional[int] = ..., workflow_payload_soft_limit_bytes: _Optional[int] = ..., workflow_payload_hard_limit_bytes: _Optional[int] = ..., task_payload_soft_limit_bytes: _Optional[int] = ..., task_payload_hard_limit_bytes: _Optional[int] = ...) -> None: ...

class GetServerInfoResponse(_message.Message):
    __slots__ = ("version", "data_types", "limits", "commit_guarantee")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DATA_TYPES_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    COMMIT_GUARANTEE_FIELD_NUMBER: _ClassVar[int]
    version: str
    data_types: _containers.RepeatedCompositeFieldContainer[DataTypeInfo]
    limits: ServerLimits
    commit_guarantee: _commit_pb2.CommitGuarantee
    def __init__(self, version: _Optional[str] = ..., data_types: _Optional[_Iterable[_Union[DataTypeInfo, _Mapping]]] = ..., limits: _Optional[_Union[ServerLimits, _Mapping]] = ..., commit_guarantee: _Optional[_Union[_commit_pb2.CommitGuarantee, str]] = ...) -> None: ...

class IndexDifference(_message.Message):
    __slots__ = ("kind", "id", "problem")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    kind: IndexEntryKind
    id: str
    problem: IndexProblem
    def __init__(self, kind: _Optional[_Union[IndexEntryKind, str]] = ..., id: _Optional[str] = ..., problem: _Optional[_Union[IndexProblem, str]] = ...) -> None: ...

class IndexProgress(_message.Message):
    __slots__ = ("checked", "missing", "stale", "surplus", "unreadable")
    CHECKED_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    SURPLUS_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    checked: int
    missing: int
    stale: int
    surplus: int
    unreadable: int
    def __init__(self, checked: _Optional[int] = ..., missing: _Optional[int] = ..., stale: _Optional[int] = ..., surplus: _Optional[int] = ..., unreadable: _Optional[int] = ...) -> None: ...

class VerifyIndexRequest(_message.Message):
    __slots__ = ("resume_token",)
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    resume_token: str
    def __init__(self, resume_token: _Optional[str] = ...) -> None: ...

class VerifyIndexResponse(_message.Message):
    __slots__ = ("progress", "differences", "resume_token", "done")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    progress: IndexProgress
    differences: _containers.RepeatedCompositeFieldContainer[IndexDifference]
    resume_token: str
    done: bool
    def __init__(self, progress: _Optional[_Union[IndexProgress, _Mapping]] = ..., differences: _Optional[_Iterable[_Union[IndexDifference, _Mapping]]] = ..., resume_token: _Optional[str] = ..., done: _Optional[bool] = ...) -> None: ...

class RepairIndexRequest(_message.Message):
    __slots__ = ("resume_token", "rebuild")
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REBUILD_FIELD_NUMBER: _ClassVar[int]
    resume_token: str
    rebuild: bool
    def __init__(self, resume_token: _Optional[str] = ..., rebuild: _Optional[bool] = ...) -> None: ...

class RepairIndexResponse(_message.Message):
    __slots__ = ("progress", "differences", "resume_token", "done", "marked")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    MARKED_FIELD_NUMBER: _ClassVar[int]
    progress: IndexProgress
    differences: _containers.RepeatedCompositeFieldContainer[IndexDifference]
    resume_token: str
    done: bool
    marked: int
    def __init__(self, progress: _Optional[_Union[IndexProgress, _Mapping]] = ..., differences: _Optional[_Iterable[_Union[IndexDifference, _Mapping]]] = ..., resume_token: _Optional[str] = ..., done: _Optional[bool] = ..., marked: _Optional[int] = ...) -> None: ...

class QueueFinding(_message.Message):
    __slots__ = ("problem", "queue_name", "id")
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    problem: QueueProblem
    queue_name: str
    id: str
    def __init__(self, problem: _Optional[_Union[QueueProblem, str]] = ..., queue_name: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class QueueProgress(_message.Message):
    __slots__ = ("checked", "workflow_not_queued", "task_not_queued", "message_without_task", "message_unreadable")
    CHECKED_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_NOT_QUEUED_FIELD_NUMBER: _ClassVar[int]
    TASK_NOT_QUEUED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_WITHOUT_TASK_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    checked: int
    workflow_not_queued: int
    task_not_queued: int
    message_without_task: int
    message_unreadable: int
    def __init__(self, checked: _Optional[int] = ..., workflow_not_queued: _Optional[int] = ..., task_not_queued: _Optional[int] = ..., message_without_task: _Optional[int] = ..., message_unreadable: _Optional[int] = ...) -> None: ...

class VerifyQueuesRequest(_message.Message):
    __slots__ = ("resume_token",)
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    resume_token: str
    def __init__(self, resume_token: _Optional[str] = ...) -> None: ...

class VerifyQueuesResponse(_message.Message):
    __slots__ = ("progress", "findings", "resume_token", "done")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    progress: QueueProgress
    findings: _containers.RepeatedCompositeFieldContainer[QueueFinding]
    resume_token: str
    done: bool
    def __init__(self, progress: _Optional[_Union[QueueProgress, _Mapping]] = ..., findings: _Optional[_Iterable[_Union[QueueFinding, _Mapping]]] = ..., resume_token: _Optional[str] = ..., done: _Optional[bool] = ...) -> None: ...

class RepairQueuesRequest(_message.Message):
    __slots__ = ("resume_token", "apply")
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    APPLY_FIELD_NUMBER: _ClassVar[int]
    resume_token: str
    apply: bool
    def __init__(self, resume_token: _Optional[str] = ..., apply: _Optional[bool] = ...) -> None: ...

class RepairQueuesResponse(_message.Message):
    __slots__ = ("progress", "findings", "resume_token", "done", "pushed")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    PUSHED_FIELD_NUMBER: _ClassVar[int]
    progress: QueueProgress
    findings: _containers.RepeatedCompositeFieldContainer[QueueFinding]
    resume_token: str
    done: bool
    pushed: int
    def __init__(self, progress: _Optional[_Union[QueueProgress, _Mapping]] = ..., findings: _Optional[_Iterable[_Union[QueueFinding, _Mapping]]] = ..., resume_token: _Optional[str] = ..., done: _Optional[bool] = ..., pushed: _Optional[int] = ...) -> None: ...

class GetOutboxRequest(_message.Message):
    __slots__ = ("limit",)
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    limit: int
    def __init__(self, limit: _Optional[int] = ...) -> None: ...

class OutboxFailure(_message.Message):
    __slots__ = ("kind", "id", "reason", "since_ms")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    id: str
    reason: str
    since_ms: int
    def __init__(self, kind: _Optional[str] = ..., id: _Optional[str] = ..., reason: _Optional[str] = ..., since_ms: _Optional[int] = ...) -> None: ...

class GetOutboxResponse(_message.Message):
    __slots__ = ("depth", "oldest_age_ms", "set_aside", "failures")
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    OLDEST_AGE_MS_FIELD_NUMBER: _ClassVar[int]
    SET_ASIDE_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    depth: int
    oldest_age_ms: int
    set_aside: int
    failures: _containers.RepeatedCompositeFieldContainer[OutboxFailure]
    def __init__(self, depth: _Optional[int] = ..., oldest_age_ms: _Optional[int] = ..., set_aside: _Optional[int] = ..., failures: _Optional[_Iterable[_Union[OutboxFailure, _Mapping]]] = ...) -> None: ...

class RetryOutboxRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RetryOutboxResponse(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...
