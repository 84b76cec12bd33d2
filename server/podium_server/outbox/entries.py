"""The entries that the index should have: of a stored document, and of an execution that is archived."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Raw

from podium_core.index.archive import archived_document, raw_execution, raw_workflow
from podium_core.index.documents import TASK_ENTRY, WORKFLOW_ENTRY, with_members
from podium_core.index.entries import IndexWrite
from podium_core.index.stored_document import StoredDocument
from podium_core.index.summaries import task_summary, workflow_summary
from podium_core.models import Task, Workflow

_ARCHIVED = Raw(b'{"archived":true}')


def entry_document(record: Workflow | Task) -> bytes:
    """The document of the entry of a workflow or task."""
    if isinstance(record, Workflow):
        return WORKFLOW_ENTRY.encode(workflow_summary(record))
    return TASK_ENTRY.encode(task_summary(record))


def archived_task_write(task: StoredDocument, *, token: int, whole: bool) -> IndexWrite:
    """The entry of a task that is archived; with ``whole`` it holds the task's document."""
    summary = _summary_document(task)
    text = task.text.decode()
    document = archived_document(summary, text) if whole else with_members(summary, _ARCHIVED)
    return IndexWrite(kind=task.kind, id=task.id, token=token, document=document)


def archived_execution_write(
    workflow: StoredDocument, tasks: Sequence[bytes], *, token: int
) -> IndexWrite:
    """The entry of a workflow that is archived with the documents of its tasks, by ``seq``."""
    return _archived_workflow(workflow, raw_execution(workflow.text, tasks), token)


def archived_workflow_write(
    workflow: StoredDocument, task_ids: Sequence[str], *, token: int
) -> IndexWrite:
    """The entry of a workflow that is archived with the ids of its tasks, whose entries hold their documents."""
    return _archived_workflow(workflow, raw_workflow(workflow.text, task_ids), token)


def _archived_workflow(workflow: StoredDocument, raw_json: str, token: int) -> IndexWrite:
    document = archived_document(_summary_document(workflow), raw_json)
    return IndexWrite(kind=workflow.kind, id=workflow.id, token=token, document=document)


def _summary_document(document: StoredDocument) -> bytes:
    if document.record is None:
        raise ValueError("only a document that can be read has an entry")
    return entry_document(document.record)
