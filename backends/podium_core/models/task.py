"""The task record: one typed field for each field of Conductor's stored TaskModel."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from podium_core.models.enums import TaskStatus
from podium_core.models.json_text import EMPTY_OBJECT

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class Task(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A task as Conductor stores it. Times are milliseconds since the epoch; Java's defaults are the defaults.

    ``input_data``, ``output_data``, ``workflow_task`` and the messages are JSON text (``Raw``). ``extra`` is a JSON
    object with what the stored document holds beyond these fields, or holds in a form that they can't carry.
    ``task_definition``, ``loop_over_task`` and ``queue_wait_time`` are derived by the store: they come back as
    stored, and are ignored on writing.
    """

    task_type: str | UnsetType = UNSET
    status: TaskStatus | UnsetType = UNSET
    reference_task_name: str | UnsetType = UNSET
    retry_count: Int32 = 0
    seq: Int32 = 0
    correlation_id: str | UnsetType = UNSET
    poll_count: Int32 = 0
    task_def_name: str | UnsetType = UNSET
    scheduled_time: Int64 = 0
    start_time: Int64 = 0
    end_time: Int64 = 0
    update_time: Int64 = 0
    start_delay_in_seconds: Int32 = 0
    retried_task_id: str | UnsetType = UNSET
    retried: bool = False
    executed: bool = False
    callback_from_worker: bool = True
    response_timeout_seconds: Int64 = 0
    workflow_instance_id: str | UnsetType = UNSET
    workflow_type: str | UnsetType = UNSET
    task_id: str | UnsetType = UNSET
    reason_for_incompletion: str | UnsetType = UNSET
    callback_after_seconds: Int64 = 0
    worker_id: str | UnsetType = UNSET
    workflow_task: Raw | UnsetType = UNSET
    domain: str | UnsetType = UNSET
    input_message: Raw | UnsetType = UNSET
    output_message: Raw | UnsetType = UNSET
    rate_limit_per_frequency: Int32 = 0
    rate_limit_frequency_in_seconds: Int32 = 0
    external_input_payload_storage_path: str | UnsetType = UNSET
    external_output_payload_storage_path: str | UnsetType = UNSET
    workflow_priority: Int32 = 0
    execution_name_space: str | UnsetType = UNSET
    isolation_group_id: str | UnsetType = UNSET
    iteration: Int32 = 0
    sub_workflow_id: str | UnsetType = UNSET
    wait_timeout: Int64 = 0
    subworkflow_changed: bool = False
    task_definition: Raw | UnsetType = UNSET
    loop_over_task: bool | UnsetType = UNSET
    queue_wait_time: Int64 | UnsetType = UNSET
    input_data: Raw = EMPTY_OBJECT
    output_data: Raw = EMPTY_OBJECT
    extra: Raw | UnsetType = msgspec.field(default=UNSET, name="podium:extra")

    @property
    def definition_name(self) -> str:
        """The name of the task's definition: ``task_def_name``, or the task type where that is missing or empty."""
        return self.task_def_name or self.task_type or ""

    @property
    def data_size(self) -> int:
        """The bytes of input and output, which an answer holds as they are."""
        return len(memoryview(self.input_data)) + len(memoryview(self.output_data))


DERIVED_TASK_FIELDS = ("task_definition", "loop_over_task", "queue_wait_time")
