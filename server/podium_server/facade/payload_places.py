"""Which fields of a task or workflow may lie in the payload store."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import UNSET

from podium_core.models import Task, Workflow
from podium_core.models.payload import PayloadType


class Place(NamedTuple):
    """A field that may lie outside, and the one that says where."""

    data: str
    path: str
    payload_type: PayloadType


_TASK_PLACES = (
    Place("input_data", "external_input_payload_storage_path", PayloadType.TASK_INPUT),
    Place("output_data", "external_output_payload_storage_path", PayloadType.TASK_OUTPUT),
)
_WORKFLOW_PLACES = (
    Place("input", "external_input_payload_storage_path", PayloadType.WORKFLOW_INPUT),
    Place("output", "external_output_payload_storage_path", PayloadType.WORKFLOW_OUTPUT),
)


def places(record: Task | Workflow) -> tuple[Place, ...]:
    """The fields of a record that may lie outside."""
    return _TASK_PLACES if isinstance(record, Task) else _WORKFLOW_PLACES


def owner_of(record: Task | Workflow) -> str:
    """The workflow that the payloads of a record go with; empty where it doesn't say."""
    id_ = record.workflow_instance_id if isinstance(record, Task) else record.workflow_id
    return "" if id_ is UNSET else id_
