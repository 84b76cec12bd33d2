"""The workflow record: one typed field for each field of Conductor's stored WorkflowModel."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, UnsetType

from podium_core.models.enums import WorkflowStatus
from podium_core.models.json_text import EMPTY_OBJECT
from podium_core.models.task import Int32, Int64, Task


class Workflow(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A workflow as Conductor stores it. Times are milliseconds since the epoch; Java's defaults are the defaults.

    ``input``, ``output``, ``variables`` and ``workflow_definition`` are JSON text (``Raw``). ``tasks`` is for reading:
    stored documents hold an empty list. ``extra`` is a JSON object with what the stored document holds beyond these
    fields, or holds in a form that they can't carry. ``workflow_name`` and ``workflow_version`` are derived by whoever
    stores: they come back as stored, and are ignored on writing.
    """

    status: WorkflowStatus | UnsetType = UNSET
    end_time: Int64 = 0
    workflow_id: str | UnsetType = UNSET
    parent_workflow_id: str | UnsetType = UNSET
    parent_workflow_task_id: str | UnsetType = UNSET
    create_time: Int64 | UnsetType = UNSET
    updated_time: Int64 | UnsetType = UNSET
    tasks: tuple[Task, ...] = ()
    correlation_id: str | UnsetType = UNSET
    re_run_from_workflow_id: str | UnsetType = UNSET
    reason_for_incompletion: str | UnsetType = UNSET
    event: str | UnsetType = UNSET
    task_to_domain: dict[str, str] = {}
    failed_reference_task_names: tuple[str, ...] | UnsetType = UNSET
    failed_task_names: tuple[str, ...] | UnsetType = UNSET
    workflow_definition: Raw | UnsetType = UNSET
    external_input_payload_storage_path: str | UnsetType = UNSET
    external_output_payload_storage_path: str | UnsetType = UNSET
    priority: Int32 = 0
    variables: Raw = EMPTY_OBJECT
    last_retried_time: Int64 = 0
    owner_app: str | UnsetType = UNSET
    created_by: str | UnsetType = UNSET
    updated_by: str | UnsetType = UNSET
    failed_task_id: str | UnsetType = UNSET
    previous_status: WorkflowStatus | UnsetType = UNSET
    workflow_name: str | UnsetType = UNSET
    workflow_version: Int32 | UnsetType = UNSET
    input: Raw = EMPTY_OBJECT
    output: Raw = EMPTY_OBJECT
    extra: Raw | UnsetType = msgspec.field(default=UNSET, name="podium:extra")


DERIVED_WORKFLOW_FIELDS = ("workflow_name", "workflow_version")
