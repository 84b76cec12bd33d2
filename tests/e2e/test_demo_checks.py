"""The demo's checks find what they are there to find."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from examples.engine import checks
from examples.engine.checks import Evidence
from examples.engine.definition_model import load_definitions
from examples.engine.journal import Entry
from examples.engine.records import new_workflow
from podium_core.models import QueueDetail, Task, TaskStatus, Workflow, WorkflowStatus
from podium_core.models.json_text import to_raw


def task(task_id: str, status: TaskStatus = TaskStatus.COMPLETED, **fields: Any) -> Task:
    return Task(
        task_id=task_id,
        workflow_instance_id="w1",
        reference_task_name="ref",
        status=status,
        worker_id="worker 1",
        **fields,
    )


def workflow(*tasks: Task, **fields: Any) -> Workflow:
    order = to_raw({"order": 7})
    made = new_workflow("w1", load_definitions()["sequence"], order, now=1)
    values = {"status": WorkflowStatus.COMPLETED, "output": order, "tasks": tasks, **fields}
    return msgspec.structs.replace(made, **values)


def entry(
    what: str, at: float = 1, *, task_id: str = "t1", who: str = "worker 1", **fields: Any
) -> Entry:
    return Entry(at=at, what=what, who=who, subject=task_id, **fields)


def evidence(**fields: Any) -> Evidence:
    whole: dict[str, Any] = {
        "started": ["w1"],
        "workflows": [workflow(task("t1"))],
        "entries": [entry("started"), entry("worked"), entry("reported")],
        "killed": [],
        "queues": [],
        "pending": {"sequence": 0},
    }
    return Evidence(**{**whole, **fields})


def test_a_good_run_passes_every_check() -> None:
    assert [one for one in checks.check(evidence()) if not one.passed] == []


@pytest.mark.parametrize(
    "bad",
    [
        workflow(status=WorkflowStatus.FAILED),
        workflow(output=to_raw({"order": 8})),
        workflow(output=to_raw({})),
    ],
)
def test_finds_a_workflow_that_did_not_complete_well(bad: Workflow) -> None:
    assert not checks.workflows_completed(evidence(workflows=[bad])).passed


def test_finds_a_workflow_that_is_gone() -> None:
    assert not checks.workflows_completed(evidence(started=["w1", "w2"])).passed


@pytest.mark.parametrize(
    "tasks",
    [
        [task("t1"), task("t2", retry_count=1)],
        [task("t1", TaskStatus.FAILED, retried=True)],
        [task("t1"), task("t2", TaskStatus.FAILED)],
        [task("t1"), task("t2", TaskStatus.IN_PROGRESS)],
        [],
    ],
)
def test_finds_tasks_completed_twice_or_never(tasks: list[Task]) -> None:
    assert not checks.tasks_completed_once(evidence(workflows=[workflow(*tasks)])).passed


def test_accepts_a_failure_that_was_tried_again() -> None:
    tasks = [task("t1", TaskStatus.FAILED, retried=True), task("t2", retry_count=1)]
    assert checks.tasks_completed_once(evidence(workflows=[workflow(*tasks)])).passed


@pytest.mark.parametrize(
    "entries",
    [
        [entry("reported"), entry("reported", who="worker 2")],
        [entry("started"), entry("worked")],
        [entry("reported"), entry("reported", task_id="unknown")],
    ],
)
def test_finds_reports_that_are_double_missing_or_of_nothing(entries: list[Entry]) -> None:
    assert not checks.reported_once(evidence(entries=entries)).passed


def test_accepts_a_report_whose_answer_a_kill_cut_off() -> None:
    entries = [entry("started", 1), entry("worked", 2)]
    assert checks.reported_once(evidence(entries=entries, killed=[("worker 1", 3)])).passed


def test_finds_a_task_that_nobody_took_up_after_a_kill() -> None:
    left = [workflow(task("t1", TaskStatus.IN_PROGRESS))]
    killed = [("worker 1", 3)]
    assert not checks.cut_off_tasks_done(
        evidence(workflows=left, entries=[entry("started", 1)], killed=killed)
    ).passed


@pytest.mark.parametrize("counts", [{"size": 1, "unacked": 0}, {"size": 0, "unacked": 1}])
def test_finds_messages_left(counts: dict[str, int]) -> None:
    queues = [QueueDetail(name="_deciderQueue", **counts)]
    assert not checks.queues_empty(evidence(queues=queues)).passed


def test_finds_what_is_pending() -> None:
    assert not checks.nothing_pending(evidence(pending={"charge_card": 1})).passed


class TestLimitKept:
    def at_work(
        self, *spans: tuple[str, float, float | None], who: str = "worker 1"
    ) -> list[Entry]:
        return [
            entry(what, at, task_id=task_id, who=who, task_type="print_label")
            for task_id, begin, end in spans
            for what, at in (("started", begin), ("worked", end))
            if at is not None
        ]

    def test_finds_a_fourth_task_at_work(self) -> None:
        entries = self.at_work(("a", 1, 5), ("b", 2, 5), ("c", 3, 5), ("d", 4, 5))
        assert not checks.limit_kept(evidence(entries=entries)).passed

    def test_accepts_a_fourth_task_that_starts_when_another_ends(self) -> None:
        entries = self.at_work(("a", 1, 4), ("b", 2, 5), ("c", 3, 5), ("d", 4, 5))
        assert checks.limit_kept(evidence(entries=entries)).passed

    def test_a_task_at_work_without_end_counts_until_its_worker_is_killed(self) -> None:
        entries = self.at_work(("a", 1, None))
        entries += self.at_work(("b", 2, 5), ("c", 3, 5), ("d", 4, 5), who="worker 2")
        assert not checks.limit_kept(evidence(entries=entries)).passed
        assert checks.limit_kept(evidence(entries=entries, killed=[("worker 1", 3.5)])).passed

    def test_two_attempts_at_one_task_hold_one_place(self) -> None:
        entries = self.at_work(("a", 1, 5), ("b", 2, 5), ("c", 3, 5))
        again = entry("started", 4, task_id="a", who="worker 2", task_type="print_label")
        assert checks.limit_kept(evidence(entries=[*entries, again])).passed
