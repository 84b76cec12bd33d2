"""The whole execution in a workflow's entry."""

from __future__ import annotations

import json

import pytest
from msgspec import UNSET, Raw

from podium_core.errors import CorruptRecordError
from podium_core.index import (
    WORKFLOW_ENTRY,
    archived_document,
    execution_of,
    raw_execution,
    workflow_summary,
)
from podium_core.models import Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from tests.golden.documents import documents

ODD_TASK = b'{"taskId":"odd","seq":2,"retryCount":null,"later":1.00}'


def _workflow(*tasks: Task) -> Workflow:
    return Workflow(workflow_id="w", input=Raw(b'{ "a": 1.00 }'), tasks=tasks)


def test_an_execution_comes_back_with_its_tasks_by_seq() -> None:
    odd, first = TASK.decode(ODD_TASK, "odd"), Task(task_id="first", seq=1)
    back = execution_of(raw_execution(_workflow(odd, first)), "w")
    assert back == _workflow(first, odd)


def test_the_text_is_conductors_document() -> None:
    text = raw_execution(_workflow(TASK.decode(ODD_TASK, "odd")))
    assert '"input":{ "a": 1.00 }' in text
    (task,) = json.loads(text)["tasks"]
    assert (task["later"], task["retryCount"]) == (1.0, None)
    assert list(json.loads(text)) == list(json.loads(WORKFLOW.encode(_workflow())))


@pytest.mark.parametrize("text", documents("WORKFLOW"))
def test_golden_workflows(text: str) -> None:
    workflow = WORKFLOW.decode(text, "w")
    assert execution_of(raw_execution(workflow)) == workflow


@pytest.mark.parametrize("text", ["[]", '{"tasks":1}', '{"tasks":[1]}', "{"])
def test_what_is_no_execution_is_corrupt(text: str) -> None:
    with pytest.raises(CorruptRecordError):
        execution_of(text, "w")


def test_an_execution_of_another_writer_may_have_no_tasks() -> None:
    assert execution_of('{"workflowId":"w"}') == Workflow(workflow_id="w")


def test_an_archived_document_is_the_old_one_and_two_members() -> None:
    before = WORKFLOW_ENTRY.encode(workflow_summary(_workflow()))
    raw_json = raw_execution(_workflow(Task(task_id="t")))
    after = json.loads(archived_document(before, raw_json))
    assert after == {**json.loads(before), "rawJSON": raw_json, "archived": True}
    summary = WORKFLOW_ENTRY.decode(archived_document(before, raw_json), "w")
    assert (summary.archived, summary.extra) == (True, UNSET)


def test_archiving_again_replaces() -> None:
    once = archived_document(b'{"workflowId":"w"}', "{}")
    assert json.loads(archived_document(once, '{"a":1}'))["rawJSON"] == '{"a":1}'
