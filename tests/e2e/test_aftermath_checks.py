"""The demo's checks of search, archive and payloads find what they are there to find."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from examples.engine import aftermath_checks as checks
from examples.engine.aftermath import Aftermath, MovedOutput, Removed
from examples.engine.definition_model import load_definitions
from examples.engine.records import new_workflow
from examples.engine.searches import Answer, Search, searches_of
from examples.engine.worker import receipt_of
from podium_core.execution_service import FoundWorkflow, WorkflowSource
from podium_core.models import Task, TaskStatus, Workflow, WorkflowStatus
from podium_core.models.json_text import EMPTY_OBJECT, to_raw

ORDER = 7


def charged(output: object = None, **fields: Any) -> Task:
    """The task that makes the receipt, as it is with payloads."""
    whole = {"order": ORDER, "receipt": receipt_of(ORDER)}
    return Task(
        task_id="t1",
        workflow_instance_id="w1",
        reference_task_name="charge",
        task_type="charge_card",
        task_def_name="charge_card",
        status=TaskStatus.COMPLETED,
        input_data=to_raw({"order": ORDER}),
        output_data=to_raw(whole if output is None else output),
        external_output_payload_storage_path="task/output/w1/1",
        **fields,
    )


def stored(task: Task) -> Task:
    """The task as its document has it."""
    return msgspec.structs.replace(task, output_data=EMPTY_OBJECT)


def workflow(*tasks: Task, **fields: Any) -> Workflow:
    input_ = to_raw({"order": ORDER, "customer": "Ada Lovelace"})
    made = new_workflow("w1", load_definitions()["sequence"], input_, now=1)
    return msgspec.structs.replace(
        made, **{"status": WorkflowStatus.COMPLETED, "tasks": tasks, **fields}
    )


def answer(*found: str, query: str = "archived = true", expected: str = "w1") -> Answer:
    return Answer(Search(query=query, expected=frozenset({expected})), frozenset(found), "")


def removed(**fields: Any) -> Removed:
    whole: dict[str, Any] = {
        "workflow": workflow(charged()),
        "left": 0,
        "found": found(),
        "answer": answer("w1"),
    }
    return Removed(**{**whole, **fields})


def found(
    source: WorkflowSource = WorkflowSource.ARCHIVE, task: Task | None = None
) -> FoundWorkflow:
    return FoundWorkflow(workflow=workflow(task or charged()), source=source)


def aftermath(**fields: Any) -> Aftermath:
    whole: dict[str, Any] = {
        "workflows": [workflow(stored(charged()))],
        "indexed": {"w1": "COMPLETED", "t1": "COMPLETED"},
        "answers": [answer("w1")],
        "moved": [MovedOutput(stored(charged()), charged())],
        "removed": removed(),
    }
    return Aftermath(**{**whole, **fields})


def test_a_good_run_passes_every_check() -> None:
    assert [one for one in checks.check_aftermath(aftermath()) if not one.passed] == []


@pytest.mark.parametrize(
    "indexed",
    [
        {},
        {"w1": "COMPLETED"},
        {"t1": "COMPLETED"},
        {"w1": "RUNNING", "t1": "COMPLETED"},
        {"w1": "COMPLETED", "t1": "IN_PROGRESS"},
        {"w1": "COMPLETED", "t1": "COMPLETED", "w2": "COMPLETED"},
    ],
)
def test_finds_an_index_that_is_not_as_the_executions_are(indexed: dict[str, str]) -> None:
    assert not checks.index_agrees(aftermath(indexed=indexed)).passed


def test_an_empty_run_agrees_with_nothing() -> None:
    assert not checks.index_agrees(aftermath(workflows=[], indexed={})).passed


@pytest.mark.parametrize("answers", [[], [answer()], [answer("w2")], [answer("w1", "w2")]])
def test_finds_a_search_that_finds_other_than_it_should(answers: list[Answer]) -> None:
    assert not checks.searches_found(aftermath(answers=answers)).passed


def test_names_the_search_that_is_wrong() -> None:
    wrong = answer(query="status = 'FAILED'")
    finding = checks.searches_found(aftermath(answers=[answer("w1"), wrong])).finding
    assert finding.endswith("wrong: status = 'FAILED'")


class TestReceiptsMoved:
    def test_finds_a_receipt_that_stayed_in_its_document(self) -> None:
        assert not checks.receipts_moved(aftermath(moved=[])).passed

    def test_finds_a_receipt_that_lies_in_both_places(self) -> None:
        moved = [MovedOutput(charged(), charged())]
        assert not checks.receipts_moved(aftermath(moved=moved)).passed

    @pytest.mark.parametrize("output", [{}, {"receipt": receipt_of(ORDER)[:-1]}])
    def test_finds_a_receipt_that_did_not_come_back_whole(self, output: object) -> None:
        moved = [MovedOutput(stored(charged()), charged(output))]
        assert not checks.receipts_moved(aftermath(moved=moved)).passed


class TestArchiveAnswers:
    def test_finds_that_nothing_was_removed(self) -> None:
        assert not checks.archive_answers(aftermath(removed=None)).passed

    @pytest.mark.parametrize(
        "fault",
        [
            {"left": 1},
            {"found": None},
            {"found": found(WorkflowSource.PRIMARY)},
            {"found": found(task=stored(charged()))},
            {"found": found(task=charged(worker_id="another"))},
            {"answer": answer()},
            {"answer": answer("w1", "w2")},
        ],
    )
    def test_finds_an_archive_that_does_not_answer_well(self, fault: dict[str, Any]) -> None:
        assert not checks.archive_answers(aftermath(removed=removed(**fault))).passed


class TestSearchesOf:
    def test_expects_what_the_executions_hold(self) -> None:
        failed = charged()
        failed = msgspec.structs.replace(
            failed, task_id="t2", task_def_name="call_supplier", status=TaskStatus.FAILED
        )
        searches = searches_of([workflow(charged(), failed)])
        assert {search.typed: search.expected for search in searches} == {
            "workflowType = 'sequence' AND status = 'COMPLETED'": {"w1"},
            "free text: Lovelace": {"w1"},
            "taskDefName = 'call_supplier' AND status = 'FAILED'": {"t2"},
        }

    def test_expects_no_workflow_that_is_not_through(self) -> None:
        running = workflow(status=WorkflowStatus.RUNNING)
        assert searches_of([running])[0].expected == frozenset()

    def test_copes_with_a_run_without_workflows(self) -> None:
        assert all(not search.expected for search in searches_of([]))
