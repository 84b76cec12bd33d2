"""Decisions about workflows, guards, requests, events and queue operations."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from podium_core.decide import Known, TaskFacts, answer_queue_ops, decide, effects as do
from podium_core.decide.facts_of import task_facts_of, workflow_facts_of
from podium_core.decide.removal_record import ArchiveState, RemovalRecord, Sweep
from podium_core.decide.state import MARK_WORKFLOW
from podium_core.errors import ConflictError, FailedPreconditionError, NotFoundError
from podium_core.models import Commit, CommitAck, CommitPush, CommitRemove, PushMessage
from podium_core.models.documents import WORKFLOW
from podium_core.models.enums import TaskStatus, WorkflowStatus
from podium_core.write_set import (
    AckOp,
    PushOp,
    PutMode,
    Queueable,
    RemoveOp,
    WriteOutcome,
    WriteSet,
    builders,
    commit_builder,
)
from podium_core.write_set.refusals import RemovalUnderWayError, UploadLostError
from tests.contract.records import make_event_execution, make_task, make_workflow
from tests.core.decide.stored_facts import (
    NOW_MS,
    StoredFacts,
    effects_of,
    task_facts,
    workflow_facts,
)

DUE = RemovalRecord(due_ms=0)
EXPIRING = RemovalRecord(due_ms=NOW_MS + 1)


def create(**options: bool) -> WriteSet:
    write_set = builders.create_workflow(make_workflow(), now_ms=NOW_MS, **options)
    return msgspec.structs.replace(write_set, mark_index=True)


def update(expected: int | None = None, *, upsert: bool = False, **fields: Any) -> WriteSet:
    write_set = builders.update_workflow(
        make_workflow(**fields), now_ms=NOW_MS, expected_update_time=expected, upsert=upsert
    )
    return msgspec.structs.replace(write_set, mark_index=True)


def stored(**fields: Any) -> StoredFacts:
    return StoredFacts(workflows={"w1": workflow_facts(**fields)})


class TestCreate:
    def test_stores_and_marks(self) -> None:
        decision = StoredFacts().decide(create())
        (effect,) = effects_of(decision, do.StoreWorkflow)
        assert (effect.before, effect.after.pending, effect.after.listed) == (None, True, True)
        assert effects_of(decision, do.MarkEntry) == [do.MarkEntry(MARK_WORKFLOW, "w1", "w1", b"")]
        assert decision.outcome.workflow_created is True

    def test_of_one_that_exists_writes_nothing_at_all(self) -> None:
        push = PushOp(queue_name="q", message_id="m")
        write_set = msgspec.structs.replace(create(), queue_ops=(push,))
        decision = stored().decide(write_set)
        assert decision.outcome == WriteOutcome(workflow_created=False)
        assert not decision.effects

    def test_of_one_that_exists_is_not_remembered(self) -> None:
        write_set = msgspec.structs.replace(create(), request_id="r")
        assert not stored().decide(write_set).remember
        assert StoredFacts().decide(write_set).remember

    def test_replaces_where_asked(self) -> None:
        decision = stored().decide(create(replace_existing=True))
        assert len(effects_of(decision, do.StoreWorkflow)) == 1

    def test_waits_for_a_removal_under_way(self) -> None:
        with pytest.raises(RemovalUnderWayError):
            stored(removal=DUE).decide(create())


class TestUpdate:
    def test_raises_the_stamp_and_keeps_the_place_in_time(self) -> None:
        decision = stored(stamp=NOW_MS + 3, create_time=7).decide(update())
        (effect,) = effects_of(decision, do.StoreWorkflow)
        assert (effect.stamp, effect.after.create_time) == (NOW_MS + 4, 7)

    @pytest.mark.parametrize("time", [UNSET, 0])
    def test_that_does_not_say_when_it_was_created_leaves_that_in_the_document(
        self, time: int | UnsetType
    ) -> None:
        write_set = update(create_time=time)
        (effect,) = effects_of(stored(create_time=7).decide(write_set), do.StoreWorkflow)
        document = effect.put.document.with_stamp(effect.stamp)
        assert WORKFLOW.decode(document, "w1").create_time == 7
        assert document.count(b"createTime") == 1
        # Nobody knows: nothing is written of it.
        (effect,) = effects_of(stored(create_time=0).decide(write_set), do.StoreWorkflow)
        assert b"createTime" not in effect.put.document.with_stamp(effect.stamp)

    def test_of_an_unknown_one_is_not_found(self) -> None:
        with pytest.raises(NotFoundError):
            StoredFacts().decide(update())

    def test_of_one_that_is_being_removed_is_not_found(self) -> None:
        with pytest.raises(NotFoundError):
            stored(removal=DUE).decide(update())

    def test_of_one_that_expires_enters_no_set(self) -> None:
        (effect,) = effects_of(stored(removal=EXPIRING).decide(update()), do.StoreWorkflow)
        assert (effect.after.pending, effect.after.listed) == (False, False)
        assert effect.after.removal == EXPIRING

    def test_of_what_is_archived_archives_again_and_leaves_no_mark(self) -> None:
        mark = RemovalRecord(due_ms=NOW_MS + 1, archive=ArchiveState.CONFIRMED)
        decision = stored(removal=mark).decide(update())
        (again,) = effects_of(decision, do.SetRemoval)
        assert again.record.archive is ArchiveState.WANTED
        assert not effects_of(decision, do.MarkEntry)

    def test_upsert_stores_what_is_not_there(self) -> None:
        assert len(effects_of(StoredFacts().decide(update(upsert=True)), do.StoreWorkflow)) == 1


class TestGuards:
    def test_expected_time_holds(self) -> None:
        assert stored(stamp=5).decide(update(5)).outcome.workflow_times == {"w1": NOW_MS}

    def test_expected_time_stale_is_a_conflict(self) -> None:
        with pytest.raises(ConflictError):
            stored(stamp=6).decide(update(5))

    def test_expected_time_of_an_unknown_one_is_not_found(self) -> None:
        with pytest.raises(NotFoundError):
            StoredFacts().decide(update(5))

    def test_a_stale_receipt_is_a_conflict(self) -> None:
        commit = Commit(
            workflow_id="w1", acks=(CommitAck(queue_name="q", message_id="m", receipt="r"),)
        )
        write_set = commit_builder.commit(commit, now_ms=NOW_MS)
        with pytest.raises(ConflictError):
            stored().decide(write_set)
        held = {("q", "m", "r")}
        StoredFacts(workflows=stored().workflows, held_receipts=held).decide(write_set)

    @pytest.mark.parametrize("status", [WorkflowStatus.RUNNING, WorkflowStatus.PAUSED, None])
    def test_what_is_not_terminal_is_not_archived(self, status: WorkflowStatus | None) -> None:
        write_set = builders.remove_workflow("w1", require_terminal=True, archive=True)
        with pytest.raises(FailedPreconditionError):
            stored(status=status).decide(write_set)
        stored(status=WorkflowStatus.FAILED).decide(write_set)

    @pytest.mark.parametrize("removal", [EXPIRING, DUE])
    def test_what_carries_a_removal_mark_is_not_queued(self, removal: RemovalRecord) -> None:
        write_set = WriteSet(guards=(Queueable("w1"),))
        with pytest.raises(NotFoundError):
            stored(removal=removal).decide(write_set)
        stored().decide(write_set)
        cancelled = RemovalRecord(due_ms=2**53, cancelled=True, sweeps=(Sweep.MARK,))
        stored(removal=cancelled).decide(write_set)

    @pytest.mark.parametrize(
        "facts",
        [None, task_facts(status=TaskStatus.IN_PROGRESS), task_facts(workflow_id="w2")],
    )
    def test_only_a_scheduled_task_of_the_workflow_is_queued(self, facts: TaskFacts | None) -> None:
        write_set = WriteSet(guards=(Queueable("w1", "t1"),))
        workflows = {"w1": workflow_facts()}
        with pytest.raises(NotFoundError):
            StoredFacts(workflows=workflows, tasks={"t1": facts} if facts else {}).decide(write_set)
        StoredFacts(workflows=workflows, tasks={"t1": task_facts()}).decide(write_set)

    def test_a_lost_upload_is_refused(self) -> None:
        write_set = msgspec.structs.replace(update(), uploads=("k",))
        with pytest.raises(UploadLostError):
            stored().decide(write_set)
        StoredFacts(workflows=stored().workflows, unclaimed_payloads={"k"}).decide(write_set)


class TestRequests:
    def test_a_request_id_of_another_request_is_refused(self) -> None:
        first = WriteOutcome(request_digest=b"\x01first")
        write_set = msgspec.structs.replace(update(), request_id="w1\x00r", request_digest=b"\x01x")
        with pytest.raises(FailedPreconditionError):
            decide(write_set, Known(remembered=first), now_ms=NOW_MS)

    def test_a_remembered_request_gets_its_outcome_and_does_nothing(self) -> None:
        first = WriteOutcome(workflow_times={"w1": 5})
        decision = decide(update(9), Known(remembered=first), now_ms=NOW_MS)
        assert decision.outcome == msgspec.structs.replace(first, replayed=True)
        assert not decision.effects
        assert not decision.remember


class TestEvents:
    KEY = ("handler", "sqs:orders", "m1", "e1")

    def put(self, mode: PutMode) -> WriteSet:
        return builders.put_event_execution(make_event_execution(), mode)

    def test_create_is_fresh(self) -> None:
        decision = StoredFacts().decide(self.put(PutMode.CREATE))
        assert decision.outcome.event_created == (True,)
        assert [effect.fresh for effect in effects_of(decision, do.StoreEvent)] == [True]

    def test_create_leaves_out_one_that_is_there(self) -> None:
        decision = StoredFacts(events={self.KEY}).decide(self.put(PutMode.CREATE))
        assert decision.outcome.event_created == (False,)
        assert not decision.effects

    def test_update_keeps_the_time_to_live(self) -> None:
        decision = StoredFacts(events={self.KEY}).decide(self.put(PutMode.UPSERT))
        assert [effect.fresh for effect in effects_of(decision, do.StoreEvent)] == [False]

    def test_removal_says_whether_there_was_one(self) -> None:
        write_set = builders.remove_event_execution(make_event_execution())
        assert StoredFacts().decide(write_set).outcome.events_removed == (False,)
        there = StoredFacts(events={self.KEY})
        assert there.decide(write_set).outcome.events_removed == (True,)


class TestQueueOps:
    def test_acks_and_removes_come_before_pushes(self) -> None:
        commit = Commit(
            workflow_id="w1",
            pushes=(CommitPush(queue_name="q", message=PushMessage(id="m")),),
            acks=(CommitAck(queue_name="q", message_id="a"),),
            removes=(CommitRemove(queue_name="q", message_id="r"),),
        )
        decision = stored().decide(commit_builder.commit(commit, now_ms=NOW_MS))
        assert [type(effect) for effect in decision.effects] == [AckOp, RemoveOp, PushOp]

    def test_a_push_of_a_left_out_task_is_dropped(self) -> None:
        facts = StoredFacts(workflows={"w1": workflow_facts()}, tasks={"t1": task_facts()})
        commit = Commit(
            workflow_id="w1",
            create_tasks=(make_task("t2", reference_task_name="t1"),),
            pushes=(
                CommitPush(queue_name="encode", message=PushMessage(id="t2")),
                CommitPush(queue_name="encode", message=PushMessage(id="other")),
            ),
        )
        decision = facts.decide(commit_builder.commit(commit, now_ms=NOW_MS))
        assert [op.message_id for op in effects_of(decision, PushOp)] == ["other"]

    def test_their_answers_join_the_outcome(self) -> None:
        outcome = answer_queue_ops(WriteOutcome(), [True], [False, True])
        assert (outcome.acked, outcome.removed) == ((True,), (False, True))


class TestRemoval:
    def test_a_mark_at_once_is_due_whatever_the_clock_does(self) -> None:
        decision = stored().decide(builders.remove_workflow("w1", require_terminal=False))
        (effect,) = effects_of(decision, do.SetRemoval)
        assert (effect.record.due_ms, effect.record.sweeps) == (0, ())
        assert len(effects_of(decision, do.LeaveSets)) == 1

    def test_an_expiry_is_due_later_and_is_not_carried_out(self) -> None:
        write_set = builders.remove_workflow("w1", require_terminal=False, ttl_ms=500)
        decision = stored().decide(write_set)
        (effect,) = effects_of(decision, do.SetRemoval)
        assert effect.record.due_ms == NOW_MS + 500
        assert effect.record.sweeps == (Sweep.LEAVE,)

    def test_at_once_of_one_that_expires_remembers_the_expiry(self) -> None:
        decision = stored(removal=EXPIRING).decide(
            builders.remove_workflow("w1", require_terminal=False, archive=True)
        )
        (effect,) = effects_of(decision, do.SetRemoval)
        assert effect.record.expiry == EXPIRING

    def test_one_under_way_goes_on_under_its_own_mark(self) -> None:
        write_set = builders.remove_workflow("w1", require_terminal=False, ttl_ms=500)
        decision = stored(removal=DUE).decide(write_set)
        assert decision.outcome.workflows_removed == (True,)
        assert not decision.effects

    def test_of_an_unknown_one_does_nothing(self) -> None:
        decision = StoredFacts().decide(builders.remove_workflow("w1", require_terminal=False))
        assert decision.outcome.workflows_removed == (False,)
        assert not decision.effects

    def test_leaving_the_pending_set_asks_for_a_missing_name(self) -> None:
        facts = stored(name="looked-up")
        named = facts.decide(builders.remove_from_pending("given", "w1"))
        unnamed = facts.decide(builders.remove_from_pending("", "w1"))
        assert effects_of(named, do.LeavePending) == [do.LeavePending("w1", "given")]
        assert effects_of(unnamed, do.LeavePending) == [do.LeavePending("w1", "looked-up")]


class TestFactsOf:
    """The facts of a document are those that the write of that document left."""

    def test_a_task(self) -> None:
        facts = StoredFacts(workflows={"w1": workflow_facts()})
        task = make_task(concurrency_limit=2, domain="eu", retry_count=3)
        facts.apply(builders.create_tasks([task], now_ms=NOW_MS))
        stamped = msgspec.structs.replace(task, update_time=NOW_MS)
        assert task_facts_of(stamped) == facts.tasks["t1"]

    def test_a_workflow(self) -> None:
        facts = StoredFacts()
        workflow = make_workflow(
            correlation_id="c", version=3, create_time=5, status=WorkflowStatus.PAUSED
        )
        facts.apply(builders.create_workflow(workflow, now_ms=NOW_MS))
        stamped = msgspec.structs.replace(workflow, updated_time=NOW_MS)
        assert workflow_facts_of(stamped) == facts.workflows["w1"]
