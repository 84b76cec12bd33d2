"""What the index holds and answers: summaries, log lines, messages of event queues; a page of a search."""

from __future__ import annotations

from enum import StrEnum
from typing import Generic, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from podium_core.models.task import Int32, Int64

T = TypeVar("T")


class Wait(StrEnum):
    """What the answer to an index write means."""

    ACCEPTED = "accepted"  # durable in the outbox, and on its way
    INDEXED = "indexed"  # confirmed by the index, and found by searches


class WorkflowSummary(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """The entry of a workflow, as Conductor's WorkflowSummary; its keys are the names in queries and sort orders.

    Times are milliseconds since the epoch (in the store ISO 8601 text). ``input`` and ``output`` are searchable text.
    ``extra`` is a JSON object with what the entry holds beyond these fields, but for ``rawJSON``.
    """

    workflow_id: str | UnsetType = UNSET
    workflow_type: str | UnsetType = UNSET
    version: Int32 | UnsetType = UNSET
    status: str | UnsetType = UNSET
    correlation_id: str | UnsetType = UNSET
    start_time: Int64 | UnsetType = UNSET
    update_time: Int64 | UnsetType = UNSET
    end_time: Int64 | UnsetType = UNSET
    input: str | UnsetType = UNSET
    output: str | UnsetType = UNSET
    reason_for_incompletion: str | UnsetType = UNSET
    execution_time: Int64 | UnsetType = UNSET
    event: str | UnsetType = UNSET
    failed_reference_task_names: str | UnsetType = UNSET
    failed_task_names: tuple[str, ...] = ()
    priority: Int32 | UnsetType = UNSET
    input_size: Int64 | UnsetType = UNSET
    output_size: Int64 | UnsetType = UNSET
    external_input_payload_storage_path: str | UnsetType = UNSET
    external_output_payload_storage_path: str | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    extra: Raw | UnsetType = msgspec.field(default=UNSET, name="podium:extra")


class TaskSummary(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """The entry of a task, as Conductor's TaskSummary. Fields as in ``WorkflowSummary``; a time of 0 means: not yet."""

    task_id: str | UnsetType = UNSET
    workflow_id: str | UnsetType = UNSET
    workflow_type: str | UnsetType = UNSET
    task_def_name: str | UnsetType = UNSET
    task_type: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    correlation_id: str | UnsetType = UNSET
    scheduled_time: Int64 | UnsetType = UNSET
    start_time: Int64 | UnsetType = UNSET
    update_time: Int64 | UnsetType = UNSET
    end_time: Int64 | UnsetType = UNSET
    input: str | UnsetType = UNSET
    output: str | UnsetType = UNSET
    reason_for_incompletion: str | UnsetType = UNSET
    execution_time: Int64 | UnsetType = UNSET
    queue_wait_time: Int64 | UnsetType = UNSET
    external_input_payload_storage_path: str | UnsetType = UNSET
    external_output_payload_storage_path: str | UnsetType = UNSET
    workflow_priority: Int32 | UnsetType = UNSET
    domain: str | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    extra: Raw | UnsetType = msgspec.field(default=UNSET, name="podium:extra")


class TaskExecLog(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of a task's log.

    Attributes:
        id: The id of its entry, so that a repeat doesn't add it twice; unset in a write: one is made up.
        created_time: Milliseconds since the epoch; unset in a write: now.
    """

    id: str | UnsetType = UNSET
    task_id: str | UnsetType = UNSET
    log: str | UnsetType = UNSET
    created_time: Int64 | UnsetType = UNSET


class IndexedMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message of an event queue, kept for looking it up. ``created_time`` as in ``TaskExecLog``."""

    message_id: str | UnsetType = UNSET
    payload: str | UnsetType = UNSET
    queue_name: str | UnsetType = UNSET
    created_time: Int64 | UnsetType = UNSET


class SearchResult(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a search.

    Attributes:
        total_hits: All that match, on this page or not.
        results: Ids or summaries, in the order asked for.
        unreadable_ids: Ids of entries of this page that can't be read.
        next_page_token: Where the next page begins; empty: this is the last one.
    """

    total_hits: int
    results: tuple[T, ...] = ()
    unreadable_ids: tuple[str, ...] = ()
    next_page_token: str = ""
