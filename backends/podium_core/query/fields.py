"""What can be searched and sorted by: Conductor's keys and their types, as the mappings of its Elasticsearch 6 module."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from podium_core.models.enums import TaskStatus, WorkflowStatus

_EXACT = ".keyword"


class FieldType(StrEnum):
    """How a field is compared."""

    KEYWORD = "keyword"  # the whole text, exact and case sensitive
    TEXT = "text"  # its words, lower-cased
    DATE = "date"  # milliseconds since the epoch
    NUMBER = "number"
    BOOLEAN = "boolean"


class Field(msgspec.Struct, frozen=True):
    """A field that queries can name.

    Attributes:
        name: Conductor's key, as ``workflowType``; ``….keyword`` is the same text again, compared as a whole.
        type: How it is compared.
        choices: All values that Conductor has for it; empty: any.
    """

    name: str
    type: FieldType
    choices: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of the entry that holds its value."""
        return self.name.removesuffix(_EXACT)

    @property
    def sortable(self) -> bool:
        """Whether results can be sorted by it: words have no order."""
        return self.type is not FieldType.TEXT


# Stored in entries, and in no index.
UNSEARCHABLE = frozenset({"failedReferenceTaskNames", "rawJSON"})

_PATHS = ("externalInputPayloadStoragePath", "externalOutputPayloadStoragePath")


def _fields(
    types: Mapping[FieldType, tuple[str, ...]], statuses: type[WorkflowStatus | TaskStatus]
) -> Mapping[str, Field]:
    fields = {name: Field(name, type_) for type_, names in types.items() for name in names}
    choices = tuple(status.value for status in statuses)
    fields["status"] = Field("status", FieldType.KEYWORD, choices)
    return MappingProxyType(fields)


def _with_exact_paths(*keywords: str) -> tuple[str, ...]:
    return (*keywords, *(path + _EXACT for path in _PATHS))


WORKFLOW_FIELDS: Mapping[str, Field] = _fields(
    {
        FieldType.KEYWORD: _with_exact_paths(
            "workflowId",
            "workflowType",
            "status",
            "correlationId",
            "reasonForIncompletion",
            "event",
        ),
        FieldType.TEXT: ("input", "output", "failedTaskNames", *_PATHS),
        FieldType.DATE: ("startTime", "updateTime", "endTime"),
        FieldType.NUMBER: ("version", "executionTime", "priority", "inputSize", "outputSize"),
        FieldType.BOOLEAN: ("archived",),
    },
    WorkflowStatus,
)

TASK_FIELDS: Mapping[str, Field] = _fields(
    {
        FieldType.KEYWORD: _with_exact_paths(
            "taskId",
            "taskType",
            "taskDefName",
            "workflowId",
            "workflowType",
            "status",
            "correlationId",
            "reasonForIncompletion",
            "domain",
        ),
        FieldType.TEXT: ("input", "output", *_PATHS),
        FieldType.DATE: ("scheduledTime", "startTime", "updateTime", "endTime"),
        FieldType.NUMBER: ("executionTime", "queueWaitTime", "workflowPriority"),
        FieldType.BOOLEAN: ("archived",),
    },
    TaskStatus,
)
