"""The entries that the index should have: of a stored document, and of the whole execution that is archived."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET, Raw

from podium_core.index.archive import archived_document, raw_execution
from podium_core.index.changes import EntryKind
from podium_core.index.documents import TASK_ENTRY, WORKFLOW_ENTRY, merged
from podium_core.index.summaries import task_summary, workflow_summary
from podium_core.index.target import IndexWrite
from podium_core.models import Task, Workflow

_ARCHIVED = Raw(b'{"archived":true}')


def entry_document(record: Workflow | Task) -> bytes:
    """The document of the entry of a workflow or task."""
    if isinstance(record, Workflow):
        return WORKFLOW_ENTRY.encode(workflow_summary(record))
    return TASK_ENTRY.encode(task_summary(record))


def archive_writes(workflow: Workflow, *, token: int) -> Iterator[IndexWrite]:
    """What archives an execution: the entries of its tasks, then that of the workflow, which holds everything."""
    for task in workflow.tasks:
        if task.task_id is not UNSET:
            document = merged(entry_document(task), _ARCHIVED)
            yield IndexWrite(kind=EntryKind.TASK, id=task.task_id, token=token, document=document)
    document = archived_document(entry_document(workflow), raw_execution(workflow))
    yield IndexWrite(
        kind=EntryKind.WORKFLOW, id=str(workflow.workflow_id), token=token, document=document
    )
