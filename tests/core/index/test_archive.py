"""The whole execution in a workflow's entry, or the ids of its tasks, whose entries hold their documents."""

from __future__ import annotations

import json

import pytest
from msgspec import UNSET, Raw
from msgspec.structs import replace

from podium_core.errors import CorruptRecordError
from podium_core.index import (
    WORKFLOW_ENTRY,
    ArchivedExecution,
    archived_document,
    archived_execution,
    archived_task,
    raw_execution,
    raw_workflow,
    workflow_summary,
)
from podium_core.models import Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.models.json_text import raw_bytes, raw_text
from tests.golden.documents import documents

ODD_TASK = b'{"taskId":"odd","workflowInstanceId":"w","seq":2,"retryCount":null,"later": 1.00}'
FIRST_TASK = b'{"taskId":"first","seq":1}'
ALONE = Workflow(workflow_id="w", input=Raw(b'{ "a": 1.00 }'))
TEXT = WORKFLOW.encode(ALONE)
SUMMARY = WORKFLOW_ENTRY.encode(workflow_summary(ALONE))


def read(raw_json: str) -> ArchivedExecution:
    """What an entry with this text holds."""
    found = archived_execution(archived_document(SUMMARY, raw_json), "w")
    assert found is not None
    return found


def test_an_execution_comes_back_with_the_very_texts_of_its_tasks() -> None:
    found = read(raw_execution(TEXT, [FIRST_TASK, ODD_TASK]))
    assert found.workflow == ALONE
    assert [raw_bytes(task) for task in found.tasks] == [FIRST_TASK, ODD_TASK]
    assert found.task_ids == []


def test_the_text_is_conductors_document() -> None:
    text = raw_execution(TEXT, [ODD_TASK])
    assert '"input":{ "a": 1.00 }' in text
    (task,) = json.loads(text)["tasks"]
    assert (task["later"], task["retryCount"]) == (1.0, None)
    assert list(json.loads(text)) == list(json.loads(TEXT))


@pytest.mark.parametrize("text", documents("WORKFLOW"))
def test_golden_workflows(text: str) -> None:
    workflow = WORKFLOW.decode(text, "w")
    tasks = [TASK.encode(task) for task in workflow.tasks]
    found = read(raw_execution(WORKFLOW.encode(replace(workflow, tasks=())), tasks))
    assert tuple(TASK.decode(raw_text(task), "t") for task in found.tasks) == workflow.tasks
    assert replace(found.workflow, tasks=workflow.tasks) == workflow


def test_the_ids_of_tasks_take_the_place_of_their_documents() -> None:
    text = raw_workflow(TEXT, ["t2", "t1"])
    assert json.loads(text)["tasks"] == []
    found = read(text)
    assert (found.workflow, found.tasks, found.task_ids) == (ALONE, [], ["t2", "t1"])


def test_a_task_comes_back_from_its_own_entry() -> None:
    entry = archived_document(b'{"taskId":"odd"}', ODD_TASK.decode())
    assert archived_task(entry, "w", "odd") == TASK.decode(ODD_TASK, "odd")


@pytest.mark.parametrize("entry", [b"{}", b'{"archived":true}', b'{"rawJSON":1}', b"{"])
def test_an_entry_without_its_task_is_corrupt(entry: bytes) -> None:
    with pytest.raises(CorruptRecordError):
        archived_task(entry, "w", "t")


def test_the_task_of_another_workflow_is_corrupt() -> None:
    with pytest.raises(CorruptRecordError, match="'w'"):
        archived_task(archived_document(b"{}", ODD_TASK.decode()), "v", "odd")


@pytest.mark.parametrize("text", ["[]", '{"tasks":1}', '{"podium:taskIds":[1]}', "{"])
def test_what_is_no_execution_is_corrupt(text: str) -> None:
    with pytest.raises(CorruptRecordError):
        read(text)


def test_an_execution_of_another_writer_may_have_no_tasks() -> None:
    assert read('{"workflowId":"w"}').workflow == Workflow(workflow_id="w")


def test_an_entry_without_a_text_holds_none() -> None:
    assert archived_execution(b'{"archived":true}', "w") is None


def test_an_archived_document_is_the_old_one_and_two_members() -> None:
    raw_json = raw_execution(TEXT, [FIRST_TASK])
    after = json.loads(archived_document(SUMMARY, raw_json))
    assert after == {**json.loads(SUMMARY), "rawJSON": raw_json, "archived": True}
    summary = WORKFLOW_ENTRY.decode(archived_document(SUMMARY, raw_json), "w")
    assert (summary.archived, summary.extra) == (True, UNSET)


def test_archiving_again_replaces() -> None:
    once = archived_document(b'{"workflowId":"w"}', "{}")
    assert json.loads(archived_document(once, '{"a":1}'))["rawJSON"] == '{"a":1}'
