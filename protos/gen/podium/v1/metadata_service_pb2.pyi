from podium.v1 import definitions_pb2 as _definitions_pb2
from podium.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateTaskDefRequest(_message.Message):
    __slots__ = ("task_def",)
    TASK_DEF_FIELD_NUMBER: _ClassVar[int]
    task_def: _definitions_pb2.TaskDef
    def __init__(self, task_def: _Optional[_Union[_definitions_pb2.TaskDef, _Mapping]] = ...) -> None: ...

class CreateTaskDefResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UpdateTaskDefRequest(_message.Message):
    __slots__ = ("task_def",)
    TASK_DEF_FIELD_NUMBER: _ClassVar[int]
    task_def: _definitions_pb2.TaskDef
    def __init__(self, task_def: _Optional[_Union[_definitions_pb2.TaskDef, _Mapping]] = ...) -> None: ...

class UpdateTaskDefResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetTaskDefRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetTaskDefResponse(_message.Message):
    __slots__ = ("task_def",)
    TASK_DEF_FIELD_NUMBER: _ClassVar[int]
    task_def: _definitions_pb2.TaskDef
    def __init__(self, task_def: _Optional[_Union[_definitions_pb2.TaskDef, _Mapping]] = ...) -> None: ...

class GetAllTaskDefsRequest(_message.Message):
    __slots__ = ("resume_token",)
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    resume_token: str
    def __init__(self, resume_token: _Optional[str] = ...) -> None: ...

class GetAllTaskDefsResponse(_message.Message):
    __slots__ = ("task_defs", "resume_token", "unreadable_ids")
    TASK_DEFS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    task_defs: _containers.RepeatedCompositeFieldContainer[_definitions_pb2.TaskDef]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, task_defs: _Optional[_Iterable[_Union[_definitions_pb2.TaskDef, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class RemoveTaskDefRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class RemoveTaskDefResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CreateWorkflowDefRequest(_message.Message):
    __slots__ = ("workflow_def",)
    WORKFLOW_DEF_FIELD_NUMBER: _ClassVar[int]
    workflow_def: _definitions_pb2.WorkflowDef
    def __init__(self, workflow_def: _Optional[_Union[_definitions_pb2.WorkflowDef, _Mapping]] = ...) -> None: ...

class CreateWorkflowDefResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UpdateWorkflowDefRequest(_message.Message):
    __slots__ = ("workflow_def",)
    WORKFLOW_DEF_FIELD_NUMBER: _ClassVar[int]
    workflow_def: _definitions_pb2.WorkflowDef
    def __init__(self, workflow_def: _Optional[_Union[_definitions_pb2.WorkflowDef, _Mapping]] = ...) -> None: ...

class UpdateWorkflowDefResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetLatestWorkflowDefRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetLatestWorkflowDefResponse(_message.Message):
    __slots__ = ("workflow_def",)
    WORKFLOW_DEF_FIELD_NUMBER: _ClassVar[int]
    workflow_def: _definitions_pb2.WorkflowDef
    def __init__(self, workflow_def: _Optional[_Union[_definitions_pb2.WorkflowDef, _Mapping]] = ...) -> None: ...

class GetWorkflowDefRequest(_message.Message):
    __slots__ = ("name", "version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class GetWorkflowDefResponse(_message.Message):
    __slots__ = ("workflow_def",)
    WORKFLOW_DEF_FIELD_NUMBER: _ClassVar[int]
    workflow_def: _definitions_pb2.WorkflowDef
    def __init__(self, workflow_def: _Optional[_Union[_definitions_pb2.WorkflowDef, _Mapping]] = ...) -> None: ...

class RemoveWorkflowDefRequest(_message.Message):
    __slots__ = ("name", "version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class RemoveWorkflowDefResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetAllWorkflowDefsRequest(_message.Message):
    __slots__ = ("resume_token",)
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    resume_token: str
    def __init__(self, resume_token: _Optional[str] = ...) -> None: ...

class GetAllWorkflowDefsResponse(_message.Message):
    __slots__ = ("workflow_defs", "resume_token", "unreadable_ids")
    WORKFLOW_DEFS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    workflow_defs: _containers.RepeatedCompositeFieldContainer[_definitions_pb2.WorkflowDef]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, workflow_defs: _Optional[_Iterable[_Union[_definitions_pb2.WorkflowDef, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetAllWorkflowDefsLatestVersionsRequest(_message.Message):
    __slots__ = ("resume_token",)
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    resume_token: str
    def __init__(self, resume_token: _Optional[str] = ...) -> None: ...

class GetAllWorkflowDefsLatestVersionsResponse(_message.Message):
    __slots__ = ("workflow_defs", "resume_token", "unreadable_ids")
    WORKFLOW_DEFS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    workflow_defs: _containers.RepeatedCompositeFieldContainer[_definitions_pb2.WorkflowDef]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, workflow_defs: _Optional[_Iterable[_Union[_definitions_pb2.WorkflowDef, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetWorkflowNamesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetWorkflowNamesResponse(_message.Message):
    __slots__ = ("names",)
    NAMES_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, names: _Optional[_Iterable[str]] = ...) -> None: ...

class GetWorkflowVersionsRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetWorkflowVersionsResponse(_message.Message):
    __slots__ = ("versions",)
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, versions: _Optional[_Iterable[int]] = ...) -> None: ...
