"""The WriteSet on Redis, killed before and after its script, and raced; stays until the real adapter's tests replace it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from podium_core.errors import ConflictError, NotFoundError
from podium_core.models import DECIDER_QUEUE, Commit, Message, TaskStatus
from podium_core.write_set import WriteOutcome, WriteSet, builders
from tests.spikes.decide_step import DecideStep, now_ms, write_set
from tests.spikes.failpoints import Death, killed
from tests.spikes.redis_store import Store, assert_first, assert_second

POINTS = ("before the script", "after the script")


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    async with Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0)) as redis:
        made = Store(redis)
        yield made
        names = await made.names()
        if names:
            await redis.delete(*names)


class TestDecideStep:
    async def test_creates_everything_under_conductors_keys(self, store: Store) -> None:
        step = DecideStep()
        outcome = await store.first(step)
        assert outcome.workflow_created
        assert outcome.created_task_ids == (step.charge.task_id, step.ship.task_id)
        shown = await store.shown(step)
        assert_first(shown, step)
        assert shown.workflow is not None
        assert shown.workflow.updated_time == outcome.workflow_times[step.workflow_id]
        assert await store.members("CORR_ID_TO_WORKFLOWS", "order-17") == {step.workflow_id}
        due = await store.score(DECIDER_QUEUE, step.workflow_id)
        assert due is not None
        assert due > now_ms() + 20_000

    async def test_goes_on_and_leaves_out_the_contested_slot(self, store: Store) -> None:
        step = DecideStep()
        outcome = await store.writer.apply(write_set(step.second(await store.first(step))))
        assert outcome.created_task_ids == (step.notify.task_id,)
        assert outcome.left_out_task_ids == (step.late.task_id,)
        assert_second(await store.shown(step), step)
        assert await store.redis.get(store.keys.data("TASK", str(step.late.task_id))) is None

    async def test_of_two_tasks_for_one_slot_in_one_call_the_first_is_written(
        self, store: Store
    ) -> None:
        step = DecideStep()
        await store.first(step)
        twins = [step.task("twin", "twin_ref"), step.task("twin", "twin_ref")]
        outcome = await store.writer.apply(builders.create_tasks(twins, now_ms=now_ms()))
        assert outcome.created_task_ids == (twins[0].task_id,)
        assert outcome.left_out_task_ids == (twins[1].task_id,)

    async def test_a_stale_time_writes_nothing(self, store: Store) -> None:
        step = DecideStep()
        seen = await store.first(step)
        stale = {step.workflow_id: seen.workflow_times[step.workflow_id] - 1}
        commit = step.second(msgspec.structs.replace(seen, workflow_times=stale))
        with pytest.raises(ConflictError):
            await store.writer.apply(write_set(commit))
        assert_first(await store.shown(step), step)

    async def test_a_stale_task_time_writes_nothing(self, store: Store) -> None:
        step = DecideStep()
        seen = await store.first(step)
        id_ = str(step.charge.task_id)
        stale = {id_: seen.task_times[id_] - 1}
        commit = step.second(msgspec.structs.replace(seen, task_times=seen.task_times | stale))
        with pytest.raises(ConflictError):
            await store.writer.apply(write_set(commit))
        update = step.started(step.charge, expected=stale[id_])
        with pytest.raises(ConflictError):
            await store.writer.apply(builders.update_task(update, now_ms=now_ms()))
        assert_first(await store.shown(step), step)
        assert (await store.shown(step)).tasks[id_].status is TaskStatus.SCHEDULED

    async def test_a_stale_receipt_writes_nothing_and_a_good_one_is_taken(
        self, store: Store
    ) -> None:
        step = DecideStep()
        seen = await store.first(step)
        receipt = await store.pop(DECIDER_QUEUE, step.workflow_id, lease_ms=10_000)
        commit = step.second(seen)
        good = with_ack(commit, step.workflow_id, receipt)
        with pytest.raises(ConflictError):
            await store.writer.apply(with_ack(commit, step.workflow_id, "another"))
        assert_first(await store.shown(step), step)
        outcome = await store.writer.apply(good)
        assert outcome.acked == (True,)
        shown = await store.shown(step)
        assert_second(shown, step)
        assert shown.queues[DECIDER_QUEUE] == set()

    async def test_an_existing_id_writes_and_pushes_nothing(self, store: Store) -> None:
        step = DecideStep()
        await store.first(step)
        await store.redis.delete(store.keys.queue("charge"))
        outcome = await store.writer.apply(write_set(step.first(request_id="another")))
        assert outcome.workflow_created is False
        assert (await store.shown(step)).queues["charge"] == set()

    async def test_an_update_of_what_is_not_there_writes_nothing(self, store: Store) -> None:
        step = DecideStep()
        with pytest.raises(NotFoundError):
            await store.writer.apply(
                builders.update_task(step.started(step.charge), now_ms=now_ms())
            )
        update = step.started(step.charge, expected=1)
        for upsert in (False, True):
            with pytest.raises(NotFoundError):
                await store.writer.apply(
                    builders.update_task(update, now_ms=now_ms(), upsert=upsert)
                )
        assert await store.names() == []

    async def test_another_workflows_task_is_not_there_for_an_update_with_a_time(
        self, store: Store
    ) -> None:
        step, other = DecideStep(), DecideStep()
        seen = await store.first(step)
        await store.first(other)
        moved = msgspec.structs.replace(step.charge, workflow_instance_id=other.workflow_id)
        update = step.started(moved, expected=seen.task_times[str(step.charge.task_id)])
        with pytest.raises(NotFoundError):
            await store.writer.apply(builders.update_task(update, now_ms=now_ms()))
        stored = (await store.shown(step)).tasks[str(step.charge.task_id)]
        assert stored.workflow_instance_id == step.workflow_id

    async def test_a_slot_without_its_document_gets_it_and_a_whole_one_stays(
        self, store: Store
    ) -> None:
        step = DecideStep()
        seen = await store.first(step)
        await store.redis.delete(store.keys.data("TASK", str(step.ship.task_id)))
        create = builders.create_tasks([step.charge, step.ship], now_ms=now_ms())
        outcome = await store.writer.apply(create)
        assert outcome.created_task_ids == (step.charge.task_id, step.ship.task_id)
        assert set(outcome.task_times) == {step.ship.task_id}
        shown = await store.shown(step)
        assert_first(shown, step)
        charge = str(step.charge.task_id)
        assert shown.tasks[charge].update_time == seen.task_times[charge]

    async def test_a_key_of_another_type_fails_before_the_first_write(self, store: Store) -> None:
        step = DecideStep()
        await store.redis.set(store.keys.data("IN_PROGRESS_TASKS", "ship"), "not a set")
        before = await store.names()
        with pytest.raises(Exception, match="WRONGTYPE"):
            await store.first(step)
        assert await store.names() == before

    async def test_a_removed_task_leaves_every_set(self, store: Store) -> None:
        step = DecideStep()
        seen = await store.first(step)
        await store.writer.apply(write_set(step.second(seen)))
        removal = builders.remove_task(str(step.charge.task_id), remove_message=True)
        assert (await store.writer.apply(removal)).tasks_removed == (True,)
        assert (await store.writer.apply(removal)).tasks_removed == (False,)
        shown = await store.shown(step)
        left = {str(step.ship.task_id), str(step.notify.task_id)}
        assert set(shown.tasks) == shown.sets["IN_PROGRESS_TASKS"] == left
        assert shown.sets["TASKS_IN_PROGRESS_STATUS"] == shown.queues["charge"] == set()
        assert "charge_ref0" not in shown.slots

    @pytest.mark.parametrize("name", ["order", ""])
    async def test_leaving_pending_frees_the_slots_and_keeps_the_documents(
        self, store: Store, name: str
    ) -> None:
        step = DecideStep()
        await store.first(step)
        await store.writer.apply(builders.remove_from_pending(name, step.workflow_id))
        shown = await store.shown(step)
        assert shown.workflow is not None
        assert shown.slots == {}
        assert shown.sets["PENDING_WORKFLOWS"] == set()

    async def test_with_a_name_leaving_pending_needs_no_document(self, store: Store) -> None:
        step = DecideStep()
        await store.first(step)
        await store.redis.delete(store.keys.data("WORKFLOW", step.workflow_id))
        await store.writer.apply(builders.remove_from_pending("order", step.workflow_id))
        shown = await store.shown(step)
        assert shown.slots == {}
        assert shown.sets["PENDING_WORKFLOWS"] == set()

    async def test_marks_get_tokens_that_grow(self, store: Store) -> None:
        step = DecideStep()
        workflow, charge = f"workflow/{step.workflow_id}", f"task/{step.charge.task_id}"
        await store.writer.apply(marked(write_set(step.first())))
        before = await store.marks()
        assert set(before) == {workflow, charge, f"task/{step.ship.task_id}"}
        assert {action for action, _ in before.values()} == {"upsert"}
        assert len(set(before.values())) == len(before)
        update = builders.update_task(step.started(step.charge), now_ms=now_ms())
        await store.writer.apply(marked(update))
        updated = await store.marks()
        highest = max(token for _, token in before.values())
        assert updated == before | {charge: ("upsert", updated[charge][1])}
        assert updated[charge][1] > highest
        removal = marked(builders.remove_task(str(step.charge.task_id)))
        await store.writer.apply(removal)
        removed = await store.marks()
        assert removed == updated | {charge: ("remove", removed[charge][1])}
        assert removed[charge][1] > updated[charge][1]
        await store.writer.apply(removal)
        assert await store.marks() == removed

    async def test_marks_what_was_written_and_not_what_was_left_out_or_there(
        self, store: Store
    ) -> None:
        step = DecideStep()
        await store.first(step)
        assert await store.marks() == {}
        create = builders.create_tasks([step.ship, step.notify, step.late], now_ms=now_ms())
        await store.writer.apply(marked(create))
        assert set(await store.marks()) == {f"task/{step.notify.task_id}"}


class TestDying:
    @pytest.mark.parametrize("death", Death)
    @pytest.mark.parametrize("point", POINTS)
    async def test_the_first_step_is_whole_or_absent_and_the_repeat_completes_it(
        self, store: Store, point: str, death: Death
    ) -> None:
        step = DecideStep()
        store.failpoints.arm(point, death)
        await killed(store.first(step))
        if point == POINTS[0]:
            assert await store.names() == []
        else:
            assert_first(await store.shown(step), step)
        outcome = await store.first(step)
        assert outcome.replayed == (point == POINTS[1])
        assert outcome.created_task_ids == (step.charge.task_id, step.ship.task_id)
        assert_first(await store.shown(step), step)

    @pytest.mark.parametrize("death", Death)
    @pytest.mark.parametrize("point", POINTS)
    async def test_the_repeat_of_the_second_gets_its_first_answer_and_pushes_once(
        self, store: Store, point: str, death: Death
    ) -> None:
        step = DecideStep()
        commit = write_set(step.second(await store.first(step)))
        store.failpoints.arm(point, death)
        await killed(store.writer.apply(commit))
        if point == POINTS[0]:
            assert_first(await store.shown(step), step)
        else:
            # A worker takes the message and acknowledges it: a second push would be a second delivery.
            await store.redis.zrem(store.keys.queue("notify"), str(step.notify.task_id))
        outcome = await store.writer.apply(commit)
        assert outcome.left_out_task_ids == (step.late.task_id,)
        assert outcome.replayed == (point == POINTS[1])
        pushed = await store.score("notify", str(step.notify.task_id))
        assert (pushed is None) == outcome.replayed
        shown = await store.shown(step)
        assert (
            shown.tasks[str(step.charge.task_id)].update_time
            == outcome.task_times[str(step.charge.task_id)]
        )

    async def test_a_repeat_without_a_request_id_is_refused(self, store: Store) -> None:
        step = DecideStep()
        commit = write_set(step.second(await store.first(step), request_id=""))
        store.failpoints.arm(POINTS[1])
        await killed(store.writer.apply(commit))
        with pytest.raises(ConflictError):
            await store.writer.apply(commit)
        assert_second(await store.shown(step), step)


class TestRacing:
    async def test_of_two_writers_with_one_expectation_one_wins(self, store: Store) -> None:
        for _ in range(20):
            step = DecideStep()
            seen = await store.first(step)
            commits = [write_set(step.second(seen, request_id=name)) for name in ("one", "two")]
            said = await asyncio.gather(*map(store.writer.apply, commits), return_exceptions=True)
            assert {type(answer) for answer in said} == {ConflictError, WriteOutcome}

    async def test_a_java_writer_between_read_and_script_is_not_overwritten(
        self, store: Store
    ) -> None:
        step = DecideStep()
        seen = await store.first(step)
        key = store.keys.data("WORKFLOW", step.workflow_id)
        stored = await store.redis.get(key)
        java = stored.replace(b'"variables":{}', b'"variables":{"java":1}')
        # The same stamp: only the bytes tell.
        store.failpoints.meanwhile(POINTS[0], lambda: store.redis.set(key, java))
        outcome = await store.writer.apply(write_set(step.second(seen)))
        assert store.failpoints.passed.count(POINTS[0]) == 3
        assert outcome.workflow_times[step.workflow_id] > seen.workflow_times[step.workflow_id]

    async def test_a_java_writer_with_a_new_stamp_makes_the_expectation_stale(
        self, store: Store
    ) -> None:
        step = DecideStep()
        seen = await store.first(step)
        key = store.keys.data("WORKFLOW", step.workflow_id)
        java = await store.redis.get(key)
        java = java.replace(b'"updatedTime":', b'"updatedTime":9')
        store.failpoints.meanwhile(POINTS[0], lambda: store.redis.set(key, java))
        with pytest.raises(ConflictError):
            await store.writer.apply(write_set(step.second(seen)))
        assert await store.redis.get(key) == java


def marked(plain: WriteSet) -> WriteSet:
    """What the facade adds where an index is routed."""
    return msgspec.structs.replace(plain, mark_index=True)


def with_ack(commit: Commit, workflow_id: str, receipt: str) -> WriteSet:
    """The same Commit with the decider message's receipt as its lock."""
    return write_set(commit.with_ack(DECIDER_QUEUE, Message(id=workflow_id, receipt=receipt)))
