"""Which fields of a task or workflow may lie in the payload store."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import UNSET

from podium_core.models import Task, Workflow
from podium_core.models.payload import PayloadType


class PayloadField(NamedTuple):
    """A field that may lie outside, and the one that says where."""

    data: str
    path: str
    payload_type: PayloadType


_TASK_FIELDS = (
    PayloadField("input_data", "external_input_payload_storage_path", PayloadType.TASK_INPUT),
    PayloadField("output_data", "external_output_payload_storage_path", PayloadType.TASK_OUTPUT),
)
_WORKFLOW_FIELDS = (
    PayloadField("input", "external_input_payload_storage_path", PayloadType.WORKFLOW_INPUT),
    PayloadField("output", "external_output_payload_storage_path", PayloadType.WORKFLOW_OUTPUT),
)


def payload_fields(record: Task | Workflow) -> tuple[PayloadField, ...]:
    """The fields of a record that may lie outside."""
    return _TASK_FIELDS if isinstance(record, Task) else _WORKFLOW_FIELDS


def owner_of(record: Task | Workflow) -> str:
    """The workflow that the payloads of a record go with; empty where it doesn't say."""
    id_ = record.workflow_instance_id if isinstance(record, Task) else record.workflow_id
    return "" if id_ is UNSET else id_
