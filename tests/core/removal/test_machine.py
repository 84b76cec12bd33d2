"""The removal machine: what it leaves, in which order, in which steps, and from wherever it died."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest

from podium_core.decide import effects as do, removal_record as records
from podium_core.decide.removal_record import ArchiveState, RemovalRecord, Sweep
from podium_core.decide.state import MARK_TASK, MARK_WORKFLOW
from podium_core.models import DECIDER_QUEUE
from podium_core.removal import (
    STEP_TASKS,
    RemovalMachine,
    RemovalStage,
    StoredRemoval,
    next_step_ms,
    stage_of,
)
from podium_core.write_set import Slot, WorkflowRemoval, builders
from tests.core.decide.stored_facts import NOW_MS, StoredFacts, task_facts, workflow_facts
from tests.core.removal.removal_store import DiedError, RemovalStoreInMemory

MANY = 2 * STEP_TASKS + 1
FEW = 3


@dataclass
class Archive:
    """Says yes, unless the index is down; remembers what it was asked."""

    down: bool = False
    asked: list[int] = field(default_factory=list)

    async def __call__(self, removal: StoredRemoval) -> bool:
        self.asked.append(removal.token)
        if self.down:
            raise ConnectionError
        return True


def store(tasks: int = FEW, **removal: object) -> RemovalStoreInMemory:
    """A workflow on which a removal has set its mark."""
    facts = workflow_facts(payload_keys=("workflow/input/k",))
    ids = [f"t{at:05d}" for at in range(tasks)]
    made = RemovalStoreInMemory(
        facts,
        {id_: task_facts(id_, slot=Slot(id_, 0), payload_keys=(f"task/{id_}",)) for id_ in ids},
        now_ms=NOW_MS,
    )
    made.queued.add((DECIDER_QUEUE, "w1"))
    for id_ in ids:
        made.index_marks[MARK_TASK, id_] = b"waits"
    set_mark(made, **removal)
    return made


def set_mark(into: RemovalStoreInMemory, **removal: object) -> None:
    """What ``decide`` does of a WorkflowRemoval."""
    assert into.workflow is not None
    write_set = builders.remove_workflow("w1", require_terminal=False)
    wanted = msgspec.structs.replace(write_set.workflow_removals[0], **removal)
    write_set = msgspec.structs.replace(write_set, workflow_removals=(wanted,), mark_index=True)
    decision = StoredFacts(workflows={"w1": into.workflow}, now_ms=into.now_ms).decide(write_set)
    for effect in decision.effects:
        into.carry_out(effect)


async def survive(made: RemovalStoreInMemory, archive: Archive | None = None) -> None:
    """Carry out, dying after every single step, until there is nothing to do."""
    for _ in range(1_000):
        made.die_after = 1
        try:
            await RemovalMachine(made, archive).carry_out("w1")
        except DiedError:
            continue
        return
    raise AssertionError("it never ends")


class TestAtOnce:
    async def test_nothing_is_left(self) -> None:
        made = store(MANY, remove_messages=True, delete_payloads=True)
        assert await RemovalMachine(made).carry_out("w1")
        assert made.workflow is None
        assert made.left() == set()
        assert len(made.deleted_payloads) == MANY + 1

    async def test_entries_are_removed(self) -> None:
        made = store()
        await RemovalMachine(made).carry_out("w1")
        assert set(made.index_marks) == {(MARK_TASK, f"t{at:05d}") for at in range(FEW)} | {
            (MARK_WORKFLOW, "w1")
        }
        assert not any(body in {b"", b"waits"} for body in made.index_marks.values())

    async def test_messages_and_payloads_stay_unless_asked(self) -> None:
        made = store()
        await RemovalMachine(made).carry_out("w1")
        assert len(made.queued) == FEW + 1
        assert not made.deleted_payloads

    async def test_payloads_are_left_for_a_while_where_that_is_asked(self) -> None:
        made = store(delete_payloads_later=True)
        await RemovalMachine(made).carry_out("w1")
        assert not made.deleted_payloads
        assert len(made.left_payloads) == FEW + 1
        last_step = made.steps[-1]
        gone = [
            at
            for at, effect in enumerate(last_step)
            if isinstance(effect, do.RemoveWorkflowDocument)
        ]
        left = [
            at for at, effect in enumerate(last_step) if isinstance(effect, do.DeletePayloadsLater)
        ]
        # The document itself refers to its payloads until it is gone.
        assert max(left) > max(gone)

    async def test_the_workflows_own_document_is_last(self) -> None:
        made = store(MANY)
        await RemovalMachine(made).carry_out("w1")
        last = [
            effect for step in made.steps for effect in step if not isinstance(effect, do.MarkEntry)
        ][-1]
        assert isinstance(last, do.RemoveWorkflowDocument)

    async def test_steps_are_bounded(self) -> None:
        made = store(MANY, remove_messages=True, delete_payloads=True)
        await RemovalMachine(made).carry_out("w1")
        assert len(made.steps) == 3
        assert max(len(step) for step in made.steps) <= 5 * STEP_TASKS

    async def test_each_step_is_one_read_and_one_write(self) -> None:
        made = store(MANY)
        await RemovalMachine(made).carry_out("w1")
        assert made.reads == len(made.steps)

    async def test_what_the_caller_has_looked_at_is_not_read_again(self) -> None:
        made = store()
        machine = RemovalMachine(made)
        assert await machine.go_on(await machine.look("w1"))
        assert (made.reads, made.workflow) == (1, None)

    async def test_a_step_that_came_too_late_is_made_again(self) -> None:
        made = store(MANY, remove_messages=True)
        made.others_steps = 2
        await RemovalMachine(made).carry_out("w1")
        assert made.workflow is None
        assert made.left() == set()

    async def test_goes_on_wherever_it_died(self) -> None:
        made = store(MANY, remove_messages=True, delete_payloads=True)
        await survive(made)
        assert made.workflow is None
        assert made.left() == set()

    async def test_another_step_in_between_changes_nothing(self) -> None:
        made = store(MANY)
        seen = await made.removal("w1")
        assert seen is not None
        made.token += 1
        assert not await made.advance_removal(
            seen, None, [do.RemoveWorkflowDocument("w1", seen.facts)]
        )
        assert made.workflow is not None


class TestExpiry:
    async def test_leaves_everything_but_the_documents(self) -> None:
        made = store(MANY, ttl_ms=500, remove_messages=True)
        await RemovalMachine(made).carry_out("w1")
        assert made.workflow is not None
        assert len(made.tasks) == MANY
        assert not any(facts.pending for facts in made.tasks.values())
        assert made.left() == {"tasks"}
        assert (made.workflow.pending, made.workflow.listed) == (False, False)

    async def test_leaves_in_bounded_steps_wherever_it_died(self) -> None:
        made = store(MANY, ttl_ms=500, remove_messages=True)
        await survive(made)
        assert made.left() == {"tasks"}
        assert max(len(step) for step in made.steps) <= 4 * STEP_TASKS

    async def test_its_sweep_ends_with_the_last_step(self) -> None:
        made = store(MANY, ttl_ms=500, remove_messages=True)
        await RemovalMachine(made).finish_sweep("w1")
        assert made.left() == {"tasks"}
        assert made.reads == len(made.steps)

    async def test_a_step_of_its_sweep_that_came_too_late_is_made_again(self) -> None:
        made = store(ttl_ms=500, remove_messages=True)
        made.others_steps = 1
        await RemovalMachine(made).finish_sweep("w1")
        assert made.left() == {"tasks"}

    async def test_goes_when_it_is_due(self) -> None:
        made = store(ttl_ms=500)
        await RemovalMachine(made).carry_out("w1")
        made.now_ms += 499
        assert not await RemovalMachine(made).carry_out("w1")
        made.now_ms += 1
        assert await RemovalMachine(made).carry_out("w1")
        assert made.workflow is None

    async def test_has_begun_for_good_whatever_the_clock_does(self) -> None:
        made = store(MANY, ttl_ms=500)
        await RemovalMachine(made).carry_out("w1")
        made.now_ms += 500
        made.die_after = 1
        with pytest.raises(DiedError):
            await RemovalMachine(made).carry_out("w1")
        made.now_ms -= 400
        assert await RemovalMachine(made).carry_out("w1")
        assert made.workflow is None


class TestArchive:
    async def test_marks_go_before_the_index_is_asked(self) -> None:
        made, archive = store(MANY, archive=True), Archive()
        marks_then: list[int] = []

        async def look(removal: StoredRemoval) -> bool:
            marks_then.append(len(made.index_marks))
            return await archive(removal)

        await RemovalMachine(made, look).carry_out("w1")
        assert marks_then == [0]
        assert made.workflow is None

    async def test_archived_entries_stay(self) -> None:
        made = store(archive=True)
        await RemovalMachine(made, Archive()).carry_out("w1")
        assert not made.index_marks

    async def test_nothing_goes_while_the_index_is_down(self) -> None:
        made = store(archive=True)
        with pytest.raises(ConnectionError):
            await RemovalMachine(made, Archive(down=True)).carry_out("w1")
        assert len(made.tasks) == FEW

    async def test_without_an_index_it_stops(self) -> None:
        made = store(archive=True)
        await RemovalMachine(made).carry_out("w1")
        assert len(made.tasks) == FEW

    async def test_goes_on_wherever_it_died(self) -> None:
        made = store(MANY, archive=True, remove_messages=True)
        await survive(made, Archive())
        assert made.workflow is None
        assert made.left() == set()
        assert not made.index_marks

    async def test_of_an_expiry_waits_after_it(self) -> None:
        made = store(archive=True, ttl_ms=500)
        await RemovalMachine(made, Archive()).carry_out("w1")
        removal = await made.removal("w1")
        assert removal is not None
        assert removal.stage is RemovalStage.WAIT
        assert len(made.tasks) == FEW


class TestTakeBack:
    async def cancel(self, made: RemovalStoreInMemory) -> bool:
        with pytest.raises(ConnectionError):
            await RemovalMachine(made, Archive(down=True)).carry_out("w1")
        removal = await made.removal("w1")
        assert removal is not None
        return await RemovalMachine(made).cancel(removal)

    async def test_the_workflow_lives_and_is_indexed_again(self) -> None:
        made = store(MANY, archive=True)
        assert await self.cancel(made)
        assert made.workflow is not None
        assert (made.workflow.removal, made.workflow.pending) == (None, True)
        assert set(made.index_marks.values()) == {b""}
        assert len(made.index_marks) == MANY + 1

    async def test_goes_on_wherever_it_died(self) -> None:
        made = store(MANY, archive=True)
        removal = await made.removal("w1")
        assert removal is not None
        made.die_after = 1
        with pytest.raises(DiedError):
            await RemovalMachine(made).cancel(removal)
        assert made.workflow is not None
        assert records.expiry_of(made.workflow.removal) is None
        await survive(made)
        assert made.workflow is not None
        assert made.workflow.removal is None
        assert len(made.index_marks) == MANY + 1

    async def test_goes_back_to_an_expiry(self) -> None:
        made = store(MANY, ttl_ms=500)
        await RemovalMachine(made).carry_out("w1")
        set_mark(made, archive=True)
        assert await self.cancel(made)
        assert made.workflow is not None
        removal = made.workflow.removal
        assert removal is not None
        assert (removal.due_ms, removal.archive) == (NOW_MS + 500, ArchiveState.UNWANTED)
        assert len(made.index_marks) == MANY + 1

    async def test_goes_back_to_an_archived_expiry_that_archives_again(self) -> None:
        made = store(archive=True, ttl_ms=500)
        await RemovalMachine(made, Archive()).carry_out("w1")
        set_mark(made, archive=True)
        assert await self.cancel(made)
        removal = await made.removal("w1")
        assert removal is not None
        assert (removal.record.due_ms, removal.stage) == (NOW_MS + 500, RemovalStage.ARCHIVE)
        assert not made.index_marks

    async def test_is_too_late_once_the_index_has_confirmed(self) -> None:
        made = store(archive=True, ttl_ms=500)
        await RemovalMachine(made, Archive()).carry_out("w1")
        removal = await made.removal("w1")
        assert removal is not None
        assert not await RemovalMachine(made).cancel(removal)

    async def test_a_removal_of_what_was_just_cancelled_removes_all(self) -> None:
        made = store(MANY, archive=True)
        removal = await made.removal("w1")
        assert removal is not None
        made.die_after = 1
        with pytest.raises(DiedError):
            await RemovalMachine(made).cancel(removal)
        set_mark(made, remove_messages=True)
        await RemovalMachine(made).carry_out("w1")
        assert made.workflow is None
        assert made.left() == set()


class TestMarks:
    @pytest.mark.parametrize(
        ("removal", "before", "expected"),
        [
            (WorkflowRemoval(workflow_id="w"), None, ()),
            (WorkflowRemoval(workflow_id="w", archive=True), None, (Sweep.UNMARK,)),
            (WorkflowRemoval(workflow_id="w", ttl_ms=1), None, (Sweep.LEAVE,)),
            (
                WorkflowRemoval(workflow_id="w", ttl_ms=1, archive=True),
                None,
                (Sweep.LEAVE, Sweep.UNMARK),
            ),
            (
                WorkflowRemoval(workflow_id="w", ttl_ms=1),
                RemovalRecord(due_ms=9, archive=ArchiveState.CONFIRMED),
                (Sweep.LEAVE, Sweep.MARK),
            ),
            (
                WorkflowRemoval(workflow_id="w", ttl_ms=1),
                RemovalRecord(due_ms=9, cancelled=True, sweeps=(Sweep.MARK,)),
                (Sweep.LEAVE, Sweep.MARK),
            ),
        ],
    )
    def test_sweeps(
        self, removal: WorkflowRemoval, before: RemovalRecord | None, expected: tuple[Sweep, ...]
    ) -> None:
        assert records.new_record(removal, before, mark_index=True, now_ms=5).sweeps == expected

    def test_a_drainer_looks_when_there_is_something_to_do(self) -> None:
        soon, now = next_step_ms(RemovalRecord(due_ms=0), 5), 5
        assert now < soon < now + 60_000
        assert next_step_ms(RemovalRecord(due_ms=900), 5) == 900
        assert next_step_ms(RemovalRecord(due_ms=900, archive=ArchiveState.WANTED), 5) == 0

    def test_a_sweep_comes_before_the_archive(self) -> None:
        mark = RemovalRecord(due_ms=0, archive=ArchiveState.WANTED, sweeps=(Sweep.UNMARK,))
        assert stage_of(mark, 5) is RemovalStage.SWEEP
        assert stage_of(msgspec.structs.replace(mark, sweeps=()), 5) is RemovalStage.ARCHIVE
