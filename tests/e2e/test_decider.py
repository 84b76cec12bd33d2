"""The example engine's decider, one definition after the other: pure, so no server is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from examples.engine.decider import awaited_children, decide
from examples.engine.decision import Decision
from examples.engine.definition_model import load_definitions, workflow_def
from examples.engine.records import new_workflow
from podium_core.models import DECIDER_QUEUE, Task, TaskStatus, Workflow, WorkflowStatus
from podium_core.models.json_text import from_raw, to_raw

NOW = 1_764_000_000_000
DEFINITIONS = load_definitions()
BY_VERSION = {(one.name, one.version): one for one in DEFINITIONS.values()}
COMPLETED, FAILED = TaskStatus.COMPLETED, TaskStatus.FAILED


class Play:
    """A workflow whose decisions are carried out in memory."""

    def __init__(self, kind: str, **input_: Any) -> None:
        self.workflow = new_workflow(f"{kind}-1", DEFINITIONS[kind], to_raw(input_), now=NOW)
        self.tasks: dict[str, Task] = {}
        self.children: dict[str, Workflow] = {}
        self.last = Decision()

    def look(self) -> Decision:
        """Decide, and carry it out."""
        self.last = decide(
            self.workflow, tuple(self.tasks.values()), BY_VERSION, NOW, self.children
        )
        for task in (*self.last.create_tasks, *self.last.update_tasks):
            self.tasks[str(task.task_id)] = task
        for child in self.last.start_workflows:
            self.children[str(child.workflow_id)] = child
        self.workflow = self.last.update_workflow or self.workflow
        return self.last

    def task(self, name: str, retry: int = 0) -> Task:
        """The task of a reference name."""
        return next(
            task
            for task in self.tasks.values()
            if (task.reference_task_name, task.retry_count) == (name, retry)
        )

    def end(
        self, name: str, status: TaskStatus = COMPLETED, retry: int = 0, **output: Any
    ) -> Decision:
        """A worker ends a task, and the decider looks."""
        task = self.task(name, retry)
        ended = msgspec.structs.replace(task, status=status, output_data=to_raw(output))
        self.tasks[str(task.task_id)] = ended
        return self.look()

    def input_of(self, name: str) -> Any:
        """What a task is given."""
        return from_raw(self.task(name).input_data)


def created(decision: Decision) -> list[str]:
    return [str(task.reference_task_name) for task in decision.create_tasks]


def pushed(decision: Decision) -> dict[str, int]:
    """The queues that are pushed to, and how late the message is due."""
    return {push.queue_name: push.message.offset_ms for push in decision.pushes}


def own(document: Mapping[str, Any]) -> Workflow:
    definition = workflow_def(msgspec.json.encode(document))
    return new_workflow("own-1", definition, Raw(b"{}"), now=NOW)


class TestSequence:
    def test_schedules_the_first_task_with_its_message_and_a_next_look(self) -> None:
        decision = Play("sequence", order=7).look()
        [task] = decision.create_tasks
        assert (task.reference_task_name, task.status) == ("reserve", TaskStatus.SCHEDULED)
        assert pushed(decision) == {"reserve_stock": 0, DECIDER_QUEUE: 30_000}
        assert decision.update_workflow is None

    def test_fills_the_input_of_the_next_task_from_the_output_of_the_one_before(self) -> None:
        play = Play("sequence", order=7, amount=70)
        play.look()
        assert created(play.end("reserve", order=7)) == ["charge"]
        assert play.input_of("charge") == {"order": 7, "amount": 70}
        play.end("charge", order=7)
        assert play.input_of("ship") == {"order": 7, "label": "parcel for order 7"}

    def test_completes_with_the_last_task(self) -> None:
        play = Play("sequence", order=7)
        play.look()
        for name in ("reserve", "charge", "ship"):
            play.end(name, order=7)
        assert play.workflow.status is WorkflowStatus.COMPLETED
        assert from_raw(play.workflow.output) == {"order": 7}
        assert not play.last.pushes

    def test_adds_nothing_at_a_second_look(self) -> None:
        play = Play("sequence", order=7)
        play.look()
        again = play.look()
        assert not again.create_tasks
        assert not again.update_tasks
        assert pushed(again) == {DECIDER_QUEUE: 30_000}

    def test_makes_the_same_task_from_the_same_slot(self) -> None:
        one, two = Play("sequence", order=7).look(), Play("sequence", order=7).look()
        assert one == two

    @pytest.mark.parametrize("status", [WorkflowStatus.PAUSED, WorkflowStatus.TERMINATED])
    def test_leaves_alone_what_is_not_running(self, status: WorkflowStatus) -> None:
        play = Play("sequence", order=7)
        play.workflow = msgspec.structs.replace(play.workflow, status=status)
        assert play.look() == Decision()


class TestForkJoin:
    def test_starts_every_branch_and_the_join_at_once(self) -> None:
        decision = Play("fork_join", order=7).look()
        assert created(decision) == ["checks", "fraud", "address", "reserve", "checked"]
        assert set(pushed(decision)) == {
            "check_fraud", "check_address", "reserve_stock", DECIDER_QUEUE,
        }  # fmt: skip

    def test_goes_on_inside_a_branch_while_others_wait(self) -> None:
        play = Play("fork_join", order=7)
        play.look()
        assert created(play.end("address", order=7)) == ["customs"]
        assert play.task("checked").status is TaskStatus.IN_PROGRESS

    def test_joins_when_the_last_branch_is_done(self) -> None:
        play = Play("fork_join", order=7)
        play.look()
        for name in ("reserve", "address", "customs"):
            assert "accept" not in created(play.end(name, order=7))
        assert created(play.end("fraud", risk="low")) == ["accept"]
        assert play.task("checked").status is COMPLETED
        assert play.input_of("accept") == {"order": 7, "fraud": {"risk": "low"}}

    def test_cancels_the_other_branches_when_one_fails(self) -> None:
        play = Play("fork_join", order=7)
        play.look()
        decision = play.end("fraud", FAILED)
        assert play.workflow.status is WorkflowStatus.FAILED
        assert play.workflow.failed_task_id == play.task("fraud").task_id
        assert play.task("address").status is TaskStatus.CANCELED
        assert play.task("checked").status is TaskStatus.CANCELED
        assert {remove.queue_name for remove in decision.removes} >= {
            "check_address",
            "reserve_stock",
        }
        assert not decision.pushes


class TestSwitch:
    @pytest.mark.parametrize(
        ("size", "first"), [("small", "envelope"), ("large", "crate"), ("odd", "box")]
    )
    def test_takes_the_case_of_its_value(self, size: str, first: str) -> None:
        play = Play("switch", order=7)
        play.look()
        assert created(play.end("measure", order=7, size=size)) == ["by_size", first]
        assert from_raw(play.task("by_size").output_data)["selectedCase"] == size

    def test_goes_on_behind_the_case_and_keeps_to_it(self) -> None:
        play = Play("switch", order=7)
        play.look()
        play.end("measure", order=7, size="large")
        assert created(play.end("crate", order=7)) == ["truck"]
        assert created(play.end("truck", order=7)) == ["ship"]
        play.end("ship", order=7)
        assert from_raw(play.workflow.output) == {"order": 7, "packed": "large"}

    def test_does_the_older_decision_too(self) -> None:
        task = {"name": "a", "taskReferenceName": "a"}
        decision = {
            "name": "by", "taskReferenceName": "by", "type": "DECISION", "caseValueParam": "k",
            "inputParameters": {"k": "x"}, "decisionCases": {"x": [task]},
        }  # fmt: skip
        workflow = own({"name": "own", "tasks": [decision]})
        assert created(decide(workflow, (), {}, NOW)) == ["by", "a"]


class TestSubWorkflow:
    def play(self) -> Play:
        play = Play("sub_workflow", order=7)
        play.look()
        play.end("receive", order=7)
        return play

    def test_stores_the_task_first_and_looks_again_at_once(self) -> None:
        play = self.play()
        assert created(play.last) == ["inspect"]
        assert not play.last.start_workflows
        assert pushed(play.last) == {DECIDER_QUEUE: 0}

    def test_then_starts_a_child_that_knows_its_parent(self) -> None:
        play = self.play()
        [child] = play.look().start_workflows
        task = play.task("inspect")
        assert (child.workflow_id, task.status) == (task.sub_workflow_id, TaskStatus.IN_PROGRESS)
        assert child.parent_workflow_id == play.workflow.workflow_id
        assert child.parent_workflow_task_id == task.task_id
        assert from_raw(child.input) == {"order": 7}
        assert awaited_children(list(play.tasks.values())) == [child.workflow_id]

    def test_looks_again_at_once_since_the_child_may_have_ended_already(self) -> None:
        play = self.play()
        play.look()
        assert pushed(play.last) == {DECIDER_QUEUE: 0}
        assert pushed(play.look()) == {DECIDER_QUEUE: 30_000}

    def test_goes_on_with_the_output_of_the_child(self) -> None:
        play = self.play()
        [child] = play.look().start_workflows
        assert not play.look().create_tasks
        play.children[str(child.workflow_id)] = msgspec.structs.replace(
            child, status=WorkflowStatus.COMPLETED, output=to_raw({"order": 7})
        )
        assert created(play.look()) == ["refund"]
        assert play.task("inspect").status is COMPLETED
        assert play.input_of("refund")["order"] == 7

    def test_fails_with_the_child(self) -> None:
        play = self.play()
        [child] = play.look().start_workflows
        play.children[str(child.workflow_id)] = msgspec.structs.replace(
            child, status=WorkflowStatus.FAILED
        )
        play.look()
        assert play.workflow.status is WorkflowStatus.FAILED

    def test_the_end_of_a_child_wakes_its_parent(self) -> None:
        play = Play("inspect_item", order=7)
        play.workflow = msgspec.structs.replace(play.workflow, parent_workflow_id="parent")
        play.look()
        play.end("unpack", order=7)
        [push] = play.end("grade", order=7).pushes
        assert (push.queue_name, push.message.id) == (DECIDER_QUEUE, "parent")


class TestRetry:
    def test_schedules_another_attempt_after_the_delay(self) -> None:
        play = Play("retry_and_limit", order=7)
        play.look()
        decision = play.end("supplier", FAILED)
        [again] = decision.create_tasks
        assert (again.retry_count, again.retried_task_id) == (1, play.task("supplier").task_id)
        assert play.task("supplier").retried
        assert pushed(decision)["call_supplier"] == 1_000

    def test_goes_on_with_the_attempt_that_succeeds(self) -> None:
        play = Play("retry_and_limit", order=7)
        play.look()
        play.end("supplier", FAILED)
        assert created(play.end("supplier", retry=1, order=7)) == ["label"]

    def test_hands_the_concurrency_limit_on_in_the_task(self) -> None:
        play = Play("retry_and_limit", order=7)
        play.look()
        play.end("supplier", order=7)
        stored = from_raw(play.task("label").workflow_task or Raw(b"{}"))
        assert stored["taskDefinition"]["concurrentExecLimit"] == 3

    def test_fails_when_no_attempt_is_left(self) -> None:
        play = Play("retry_and_limit", order=7)
        play.look()
        for retry in range(3):
            play.end("supplier", FAILED, retry=retry)
        assert play.workflow.status is WorkflowStatus.FAILED
        assert play.workflow.failed_reference_task_names == ("supplier",)

    def test_does_not_try_a_terminal_error_again(self) -> None:
        play = Play("retry_and_limit", order=7)
        play.look()
        play.end("supplier", TaskStatus.FAILED_WITH_TERMINAL_ERROR)
        assert play.workflow.status is WorkflowStatus.FAILED

    def test_passes_an_optional_task_that_failed(self) -> None:
        task = {"name": "a", "taskReferenceName": "a", "optional": True}
        play = Play("sequence")
        play.workflow = own({"name": "own", "tasks": [task]})
        play.look()
        play.end("a", FAILED)
        assert play.task("a").status is TaskStatus.COMPLETED_WITH_ERRORS
        assert play.workflow.status is WorkflowStatus.COMPLETED


def test_an_unknown_type_of_task_fails_the_workflow() -> None:
    workflow = own(
        {"name": "own", "tasks": [{"name": "w", "taskReferenceName": "w", "type": "WAIT"}]}
    )
    decision = decide(workflow, (), {}, NOW)
    assert decision.update_workflow is not None
    assert decision.update_workflow.status is WorkflowStatus.FAILED
    [task] = decision.create_tasks
    assert task.reason_for_incompletion == "tasks of type WAIT are not known to this engine"
