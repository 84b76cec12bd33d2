"""Decisions about tasks: each rule has a test that fails without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from podium_core.decide import TaskFacts, effects as do
from podium_core.decide.removal_record import ArchiveState, RemovalRecord
from podium_core.decide.state import MARK_TASK
from podium_core.errors import AlreadyExistsError, ConflictError, NotFoundError
from podium_core.models import TaskUpdate
from podium_core.models.enums import TaskStatus
from podium_core.write_set import Slot, WriteSet, builders
from tests.contract.records import make_task
from tests.core.decide.stored_facts import (
    NOW_MS,
    StoredFacts,
    effects_of,
    task_facts,
    workflow_facts,
)

EXPIRING = RemovalRecord(due_ms=NOW_MS + 1)
TO_ARCHIVE = RemovalRecord(due_ms=NOW_MS + 1, archive=ArchiveState.CONFIRMED)
DUE = RemovalRecord(due_ms=NOW_MS)


def create(*task_ids: str, **fields: Any) -> WriteSet:
    tasks = [make_task(id_, **fields) for id_ in task_ids]
    return msgspec.structs.replace(builders.create_tasks(tasks, now_ms=NOW_MS), mark_index=True)


def update(
    task_id: str = "t1", *, expected: int | None = None, upsert: bool = False, **fields: Any
) -> WriteSet:
    wanted = TaskUpdate(task=make_task(task_id, **fields), expected_update_time=expected)
    write_set = builders.update_task(wanted, now_ms=NOW_MS, upsert=upsert)
    return msgspec.structs.replace(write_set, mark_index=True)


def stored(facts: TaskFacts | None = None, *, removal: RemovalRecord | None = None) -> StoredFacts:
    tasks = {"t1": facts} if facts else {}
    return StoredFacts(workflows={"w1": workflow_facts(removal=removal)}, tasks=tasks)


class TestCreate:
    def test_stores_takes_the_slot_and_marks(self) -> None:
        decision = stored().decide(create("t1"))
        (effect,) = effects_of(decision, do.StoreTask)
        assert (effect.stamp, effect.before, effect.after.pending) == (NOW_MS, None, True)
        assert effects_of(decision, do.TakeSlot) == [do.TakeSlot("w1", Slot("t1", 0), "t1")]
        assert effects_of(decision, do.MarkEntry) == [do.MarkEntry(MARK_TASK, "t1", "w1", b"")]
        assert decision.outcome.created_task_ids == ("t1",)
        assert decision.outcome.task_times == {"t1": NOW_MS}

    def test_needs_the_workflow(self) -> None:
        with pytest.raises(NotFoundError):
            StoredFacts().decide(create("t1"))

    def test_leaves_out_a_task_whose_slot_is_taken(self) -> None:
        decision = stored(task_facts()).decide(create("t2", reference_task_name="t1"))
        assert decision.outcome.left_out_task_ids == ("t2",)
        assert not decision.effects

    def test_of_two_for_one_slot_the_first_has_it(self) -> None:
        decision = stored().decide(create("t1", "t2", reference_task_name="ref"))
        assert decision.outcome.created_task_ids == ("t1",)
        assert decision.outcome.left_out_task_ids == ("t2",)

    def test_of_its_own_slot_is_created_and_untouched(self) -> None:
        decision = stored(task_facts()).decide(create("t1"))
        assert decision.outcome.created_task_ids == ("t1",)
        assert not decision.effects

    def test_a_slot_without_its_document_gets_the_document(self) -> None:
        facts = stored()
        facts.slots["w1", Slot("t1", 0)] = "t1"
        decision = facts.decide(create("t1"))
        assert len(effects_of(decision, do.StoreTask)) == 1
        assert not effects_of(decision, do.TakeSlot)

    def test_a_task_without_its_slot_takes_it_again(self) -> None:
        decision = stored(task_facts(slot=None)).decide(create("t1"))
        assert len(effects_of(decision, do.TakeSlot)) == 1
        assert not effects_of(decision, do.StoreTask)

    def test_in_another_slot_exists_already(self) -> None:
        with pytest.raises(AlreadyExistsError):
            stored(task_facts()).decide(create("t1", reference_task_name="other"))

    def test_of_another_workflow_exists_already(self) -> None:
        with pytest.raises(AlreadyExistsError):
            stored(task_facts(workflow_id="w2")).decide(create("t1"))

    def test_in_a_workflow_that_expires_is_in_no_set_and_has_no_place(self) -> None:
        decision = stored(removal=EXPIRING).decide(
            create("t1", status=TaskStatus.IN_PROGRESS, concurrency_limit=1)
        )
        (effect,) = effects_of(decision, do.StoreTask)
        assert not effect.after.pending
        assert not effects_of(decision, do.OccupyPlace)

    def test_in_a_workflow_that_is_being_removed_is_not_found(self) -> None:
        with pytest.raises(NotFoundError):
            stored(removal=DUE).decide(
                msgspec.structs.replace(create("t1"), guards=()),
            )

    def test_in_progress_occupies_a_place(self) -> None:
        running = create("t1", status=TaskStatus.IN_PROGRESS, concurrency_limit=1)
        expected = [do.OccupyPlace("encode", "t1", certain=True)]
        assert effects_of(stored().decide(running), do.OccupyPlace) == expected


class TestUpdate:
    def test_raises_the_stamp(self) -> None:
        decision = stored(task_facts(stamp=NOW_MS + 7)).decide(update())
        assert decision.outcome.task_times == {"t1": NOW_MS + 8}

    def test_is_stamped_with_the_time(self) -> None:
        assert stored(task_facts()).decide(update()).outcome.task_times == {"t1": NOW_MS}

    def test_of_an_unknown_task_is_not_found(self) -> None:
        with pytest.raises(NotFoundError):
            stored().decide(update())

    def test_of_another_workflows_task_is_not_found(self) -> None:
        with pytest.raises(NotFoundError):
            stored(task_facts(workflow_id="w2")).decide(update())

    def test_of_a_workflow_that_is_being_removed_is_not_found(self) -> None:
        with pytest.raises(NotFoundError):
            stored(task_facts(), removal=DUE).decide(update())

    def test_of_a_workflow_that_expires_enters_no_set(self) -> None:
        facts = task_facts(pending=False, status=TaskStatus.FAILED)
        decision = stored(facts, removal=EXPIRING).decide(update(status=TaskStatus.IN_PROGRESS))
        (effect,) = effects_of(decision, do.StoreTask)
        assert not effect.after.pending
        assert not effects_of(decision, do.OccupyPlace)

    def test_of_what_is_archived_archives_again_and_leaves_no_mark(self) -> None:
        decision = stored(task_facts(), removal=TO_ARCHIVE).decide(update())
        (again,) = effects_of(decision, do.SetRemoval)
        assert (again.workflow_id, again.record.archive) == ("w1", ArchiveState.WANTED)
        assert again.record.due_ms == TO_ARCHIVE.due_ms
        assert effects_of(decision, do.DropMark) == [do.DropMark(MARK_TASK, "t1", "w1")]
        assert not effects_of(decision, do.MarkEntry)

    def test_archives_again_once_for_many_tasks(self) -> None:
        facts = StoredFacts(
            workflows={"w1": workflow_facts(removal=TO_ARCHIVE)},
            tasks={id_: task_facts(id_) for id_ in ("t1", "t2")},
        )
        updates = [TaskUpdate(task=make_task(id_)) for id_ in ("t1", "t2")]
        decision = facts.decide(builders.update_tasks(updates, now_ms=NOW_MS))
        assert len(effects_of(decision, do.SetRemoval)) == 1

    def test_upsert_stores_what_is_not_there_and_takes_no_slot(self) -> None:
        decision = stored().decide(update(upsert=True))
        assert len(effects_of(decision, do.StoreTask)) == 1
        assert not effects_of(decision, do.TakeSlot)

    def test_without_marks_nothing_is_marked(self) -> None:
        write_set = msgspec.structs.replace(update(), mark_index=False)
        assert not effects_of(stored(task_facts()).decide(write_set), do.MarkEntry)


class TestExpectedTime:
    def test_holds(self) -> None:
        decision = stored(task_facts(stamp=5)).decide(update(expected=5))
        assert decision.outcome.task_times == {"t1": NOW_MS}

    def test_stale_is_a_conflict(self) -> None:
        with pytest.raises(ConflictError):
            stored(task_facts(stamp=6)).decide(update(expected=5))

    def test_of_an_unknown_task_is_not_found_in_an_upsert_too(self) -> None:
        with pytest.raises(NotFoundError):
            stored().decide(update(expected=5, upsert=True))


@dataclass(frozen=True)
class PlaceCase:
    """An update, and what it does to the task's limit place: ``+`` occupies, ``-`` releases."""

    name: str
    before: TaskStatus
    after: TaskStatus
    expected: str
    limited: bool = False
    renamed: bool = False


PLACES = [
    PlaceCase("starts", TaskStatus.SCHEDULED, TaskStatus.IN_PROGRESS, "+", limited=True),
    PlaceCase("starts under a foreign limit", TaskStatus.SCHEDULED, TaskStatus.IN_PROGRESS, "+"),
    PlaceCase("goes on", TaskStatus.IN_PROGRESS, TaskStatus.IN_PROGRESS, "+", limited=True),
    PlaceCase("goes on under a foreign limit", TaskStatus.IN_PROGRESS, TaskStatus.IN_PROGRESS, ""),
    PlaceCase("ends", TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, "-", limited=True),
    PlaceCase("ends under a foreign limit", TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, "-"),
    PlaceCase("goes back", TaskStatus.IN_PROGRESS, TaskStatus.SCHEDULED, "-", limited=True),
    PlaceCase("waits with its place", TaskStatus.SCHEDULED, TaskStatus.SCHEDULED, "", limited=True),
    PlaceCase("never starts", TaskStatus.SCHEDULED, TaskStatus.CANCELED, "-", limited=True),
    PlaceCase("is renamed", TaskStatus.IN_PROGRESS, TaskStatus.IN_PROGRESS, "-+", renamed=True),
]


@pytest.mark.parametrize("case", PLACES, ids=lambda case: case.name)
def test_places_follow_the_status(case: PlaceCase) -> None:
    name = "other" if case.renamed else "encode"
    facts = task_facts(status=case.before, limited=case.limited, definition_name=name)
    limit = 1 if case.limited else 0
    decision = stored(facts).decide(update(status=case.after, concurrency_limit=limit))
    signs = {do.OccupyPlace: "+", do.ReleasePlace: "-"}
    done = "".join(signs.get(type(effect), "") for effect in decision.effects)
    assert done == case.expected
    if case.renamed:
        (released,) = effects_of(decision, do.ReleasePlace)
        assert released.definition_name == "other"


class TestPayloads:
    def test_what_the_document_refers_to_is_lifted_what_it_did_is_left(self) -> None:
        facts = task_facts(payload_keys=("task/input/old", "task/output/kept"))
        write_set = update()
        (put,) = write_set.task_puts
        put = msgspec.structs.replace(put, payload_keys=("task/input/new", "task/output/kept"))
        decision = stored(facts).decide(msgspec.structs.replace(write_set, task_puts=(put,)))
        assert effects_of(decision, do.KeepPayloads) == [do.KeepPayloads("w1", put.payload_keys)]
        assert effects_of(decision, do.DeletePayloadsLater) == [
            do.DeletePayloadsLater("w1", ("task/input/old",))
        ]

    def test_unchanged_ones_are_not_left(self) -> None:
        facts = task_facts(payload_keys=("task/input/k",))
        write_set = update()
        (put,) = write_set.task_puts
        put = msgspec.structs.replace(put, payload_keys=("task/input/k",))
        decision = stored(facts).decide(msgspec.structs.replace(write_set, task_puts=(put,)))
        assert not effects_of(decision, do.DeletePayloadsLater)


class TestRemoveTask:
    def removal(self, **options: bool) -> WriteSet:
        return msgspec.structs.replace(builders.remove_task("t1", **options), mark_index=True)

    def test_removes_the_document_and_the_entry(self) -> None:
        decision = stored(task_facts()).decide(self.removal(remove_message=True))
        (effect,) = effects_of(decision, do.RemoveTaskDocument)
        assert (effect.task_id, effect.remove_message) == ("t1", True)
        (mark,) = effects_of(decision, do.MarkEntry)
        assert mark.body != b""
        assert decision.outcome.tasks_removed == (True,)

    def test_of_an_unknown_task_does_nothing(self) -> None:
        decision = stored().decide(self.removal())
        assert decision.outcome.tasks_removed == (False,)
        assert not decision.effects

    def test_of_a_workflow_that_is_being_removed_does_nothing(self) -> None:
        decision = stored(task_facts(), removal=DUE).decide(self.removal())
        assert decision.outcome.tasks_removed == (False,)
        assert not decision.effects

    def test_of_what_is_archived_archives_again(self) -> None:
        decision = stored(task_facts(), removal=TO_ARCHIVE).decide(self.removal())
        assert len(effects_of(decision, do.SetRemoval)) == 1

    def test_takes_payloads_only_when_asked(self) -> None:
        facts = stored(task_facts(payload_keys=("task/input/k",)))
        assert not effects_of(facts.decide(self.removal()), do.DeletePayloadsLater)
        taken = effects_of(facts.decide(self.removal(delete_payloads=True)), do.DeletePayloadsLater)
        assert taken == [do.DeletePayloadsLater("w1", ("task/input/k",))]
