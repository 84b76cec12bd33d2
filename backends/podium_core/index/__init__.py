"""What lies in an index, whichever store it is: entries from records, their documents, and the changes of them."""

from podium_core.index.archive import (
    ArchivedExecution,
    archived_document,
    archived_execution,
    archived_task,
    raw_execution,
    raw_workflow,
)
from podium_core.index.changes import (
    EntryKind,
    IndexAction,
    IndexChange,
    IndexOutcome,
    Merge,
    Put,
    Remove,
)
from podium_core.index.dates import iso_date, time_of_any_date, time_of_date
from podium_core.index.documents import (
    RAW_JSON,
    TASK_ENTRY,
    WORKFLOW_ENTRY,
    EntryType,
    with_members,
)
from podium_core.index.index_writes import IndexWrites
from podium_core.index.lookup import (
    decode_event_execution,
    decode_message,
    decode_task_log,
    encode_event_execution,
    encode_message,
    encode_task_log,
    event_entry_id,
    message_entry_id,
)
from podium_core.index.summaries import task_summary, utf16_units, workflow_summary

__all__ = [
    "RAW_JSON",
    "TASK_ENTRY",
    "WORKFLOW_ENTRY",
    "ArchivedExecution",
    "EntryKind",
    "EntryType",
    "IndexAction",
    "IndexChange",
    "IndexOutcome",
    "IndexWrites",
    "Merge",
    "Put",
    "Remove",
    "archived_document",
    "archived_execution",
    "archived_task",
    "decode_event_execution",
    "decode_message",
    "decode_task_log",
    "encode_event_execution",
    "encode_message",
    "encode_task_log",
    "event_entry_id",
    "iso_date",
    "message_entry_id",
    "raw_execution",
    "raw_workflow",
    "task_summary",
    "time_of_any_date",
    "time_of_date",
    "utf16_units",
    "with_members",
    "workflow_summary",
]
