"""The WriteSet on Cassandra: what a decide step leaves in Conductor's tables, and beside Java's writes.

Stays until the real adapter's tests replace it.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from msgspec import Raw
from msgspec.structs import replace

from podium_core.errors import AlreadyExistsError, ConflictError, NotFoundError
from podium_core.models import TaskStatus, TaskUpdate
from podium_core.write_set import WriteOutcome, builders
from tests.spikes.cassandra_store import (
    FIRST,
    SECOND,
    Store,
    assert_first,
    assert_nothing,
    assert_second,
    first_pushes,
    pushes,
)
from tests.spikes.decide_step import DecideStep, now_ms, write_set

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestDecideStep:
    async def test_passes_every_point_that_the_other_tests_name(self, store: Store) -> None:
        step = DecideStep()
        seen = await store.first(step)
        assert tuple(store.failpoints.passed) == FIRST
        store.failpoints.passed.clear()
        await store.writer.apply(write_set(step.second(seen)))
        assert tuple(store.failpoints.passed) == SECOND

    async def test_creates_everything_in_conductors_tables(self, store: Store) -> None:
        step = DecideStep()
        outcome = await store.first(step)
        assert outcome.workflow_created
        assert outcome.created_task_ids == (step.charge.task_id, step.ship.task_id)
        shown = await store.shown(step)
        assert_first(shown, step)
        assert shown.workflow is not None
        assert shown.workflow.updated_time == outcome.workflow_times[step.workflow_id]
        await store.drainer.drain()
        assert set(store.queue.pushed) == first_pushes(step)

    async def test_goes_on_and_leaves_out_the_contested_slot_and_its_push(
        self, store: Store
    ) -> None:
        step = DecideStep()
        seen = await store.first(step)
        await store.drainer.drain()
        store.queue.pushed.clear()
        outcome = await store.writer.apply(write_set(step.second(seen)))
        assert outcome.created_task_ids == (step.notify.task_id,)
        assert outcome.left_out_task_ids == (step.late.task_id,)
        assert_second(await store.shown(step), step)
        await store.drainer.drain()
        assert store.queue.pushed == pushes(step, step.notify)

    async def test_marks_what_was_written_and_not_what_was_left_out(self, store: Store) -> None:
        step = DecideStep()
        seen = await store.first(step)
        ids = [str(task.task_id) for task in (step.charge, step.ship, step.notify, step.late)]
        assert await store.marks(step.workflow_id, *ids) == {}
        marked = replace(write_set(step.second(seen)), mark_index=True)
        outcome = await store.writer.apply(marked)
        token = outcome.workflow_times[step.workflow_id] * 1_000
        assert await store.marks(step.workflow_id, *ids) == {
            ("workflow", step.workflow_id): (b"upsert", token),
            ("task", ids[0]): (b"upsert", token),
            ("task", ids[2]): (b"upsert", token),
        }

    async def test_marks_no_task_that_was_there(self, store: Store) -> None:
        step = DecideStep()
        await store.first(step)
        again = builders.create_tasks([step.ship], now_ms=now_ms())
        await store.writer.apply(replace(again, mark_index=True))
        assert await store.marks(str(step.ship.task_id)) == {}

    async def test_an_update_and_a_removal_replace_the_mark(self, store: Store) -> None:
        step = DecideStep()
        await store.first(step)
        id_ = str(step.charge.task_id)
        update = builders.update_task(step.started(step.charge), now_ms=now_ms())
        await store.writer.apply(replace(update, mark_index=True))
        updated = (await store.marks(id_))["task", id_]
        assert updated[0] == b"upsert"
        await store.writer.apply(replace(builders.remove_task(id_), mark_index=True))
        removed = (await store.marks(id_))["task", id_]
        assert removed[0] == b"remove"
        assert removed[1] > updated[1]

    async def test_a_stale_time_writes_nothing(self, store: Store) -> None:
        step = DecideStep()
        seen = await store.first(step)
        stale = {step.workflow_id: seen.workflow_times[step.workflow_id] - 1}
        with pytest.raises(ConflictError):
            await store.writer.apply(write_set(step.second(replace(seen, workflow_times=stale))))
        assert_first(await store.shown(step), step)

    async def test_a_stale_task_time_writes_nothing(self, store: Store) -> None:
        step = DecideStep()
        seen = await store.first(step)
        id_ = str(step.charge.task_id)
        stale = {id_: seen.task_times[id_] - 1}
        commit = step.second(replace(seen, task_times=seen.task_times | stale))
        with pytest.raises(ConflictError):
            await store.writer.apply(write_set(commit))
        update = step.started(step.charge, expected=stale[id_])
        with pytest.raises(ConflictError):
            await store.writer.apply(builders.update_task(update, now_ms=now_ms()))
        assert_first(await store.shown(step), step)
        assert (await store.shown(step)).tasks[id_].status is TaskStatus.SCHEDULED

    async def test_an_existing_id_writes_and_pushes_nothing(self, store: Store) -> None:
        step = DecideStep()
        seen = await store.first(step)
        outcome = await store.writer.apply(write_set(step.first(request_id="another")))
        assert outcome == WriteOutcome(workflow_created=False)
        shown = await store.shown(step)
        assert shown.workflow is not None
        assert shown.workflow.updated_time == seen.workflow_times[step.workflow_id]

    async def test_an_update_of_what_is_not_there_writes_nothing(self, store: Store) -> None:
        step = DecideStep()
        for expected in (None, 1):
            update = step.started(step.charge, expected=expected)
            with pytest.raises(NotFoundError):
                await store.writer.apply(builders.update_task(update, now_ms=now_ms()))
        update = step.started(step.charge, expected=1)
        with pytest.raises(NotFoundError):
            await store.writer.apply(builders.update_task(update, now_ms=now_ms(), upsert=True))
        assert_nothing(await store.shown(step))

    async def test_an_update_of_another_workflows_task_writes_nothing(self, store: Store) -> None:
        step, other = DecideStep(), DecideStep()
        seen = await store.first(step)
        await store.first(other)
        moved = replace(step.charge, workflow_instance_id=other.workflow_id)
        for expected in (None, seen.task_times[str(step.charge.task_id)]):
            update = step.started(moved, expected=expected)
            with pytest.raises(NotFoundError):
                await store.writer.apply(builders.update_task(update, now_ms=now_ms()))
        assert_first(await store.shown(step), step)
        assert_first(await store.shown(other), other)

    async def test_an_id_that_has_another_slot_writes_nothing(self, store: Store) -> None:
        step = DecideStep()
        await store.first(step)
        moved = replace(step.charge, reference_task_name="notify_ref")
        create = builders.create_tasks([moved], now_ms=now_ms())
        with pytest.raises(AlreadyExistsError):
            await store.writer.apply(create)
        assert_first(await store.shown(step), step)
        # Its removal frees the slot, and with it the id.
        await store.writer.apply(builders.remove_task(str(step.charge.task_id)))
        assert (await store.writer.apply(create)).created_task_ids == (step.charge.task_id,)

    async def test_a_task_created_anew_stays_as_it_is(self, store: Store) -> None:
        step = DecideStep()
        seen = await store.first(step)
        outcome = await store.writer.apply(builders.create_tasks([step.ship], now_ms=now_ms()))
        assert outcome.created_task_ids == (step.ship.task_id,)
        shown = (await store.shown(step)).tasks[str(step.ship.task_id)]
        assert shown.update_time == seen.task_times[str(step.ship.task_id)]

    async def test_a_task_stored_without_a_slot_takes_it_when_created(self, store: Store) -> None:
        step = DecideStep()
        await store.first(step)
        upsert = builders.update_task(step.started(step.notify), now_ms=now_ms(), upsert=True)
        await store.writer.apply(upsert)
        twin = replace(step.notify, task_id=str(uuid4()))
        create = builders.create_tasks([step.notify, twin], now_ms=now_ms())
        for _ in range(2):
            outcome = await store.writer.apply(create)
            assert outcome.created_task_ids == (step.notify.task_id,)
            assert outcome.left_out_task_ids == (twin.task_id,)
            assert (await store.shown(step)).slots["notify_ref"] == step.notify.task_id

    async def test_a_removed_task_leaves_its_slot_and_its_limit_place(self, store: Store) -> None:
        step = DecideStep()
        await store.writer.apply(write_set(step.second(await store.first(step))))
        removal = builders.remove_task(str(step.charge.task_id))
        assert (await store.writer.apply(removal)).tasks_removed == (True,)
        shown = await store.shown(step)
        left = {str(step.ship.task_id), str(step.notify.task_id)}
        assert set(shown.tasks) == shown.lookups == set(shown.slots.values()) == left
        assert shown.running == set()
        again = replace(step.charge, task_id=str(uuid4()))
        outcome = await store.writer.apply(builders.create_tasks([again], now_ms=now_ms()))
        assert outcome.created_task_ids == (again.task_id,)


class TestBesideJava:
    async def java_made(self, store: Store, *, ahead_ms: int = 0) -> DecideStep:
        """A workflow with one task, as Java leaves it: no guard, timestamps of its own clock."""
        step, timestamp = DecideStep(), (now_ms() + ahead_ms) * 1_000
        workflow = (
            builders.create_workflow(step.workflow, now_ms=1)
            .workflow_puts[0]
            .document.with_stamp(5)
        )
        task = builders.create_tasks([step.ship], now_ms=1).task_puts[0].document.with_stamp(5)
        await store.tables.rows("create_workflow", step.workflow_id, workflow.decode(), timestamp)
        await store.tables.rows(
            "put_task", step.workflow_id, step.ship.task_id, task.decode(), timestamp
        )
        return step

    @pytest.mark.parametrize("seq_raised", [False, True])
    async def test_slots_of_javas_tasks_are_taken(self, store: Store, seq_raised: bool) -> None:
        step = await self.java_made(store)
        if seq_raised:
            assert await store.other.raise_seq(
                step.workflow_id, await store.other.read_guard(step.workflow_id)
            )
        tasks = [step.late, step.notify]
        outcome = await store.writer.apply(builders.create_tasks(tasks, now_ms=now_ms()))
        assert outcome.left_out_task_ids == (step.late.task_id,)
        assert (await store.shown(step)).slots["ship_ref"] == step.ship.task_id
        outcome = await store.writer.apply(builders.create_tasks([step.late], now_ms=now_ms()))
        assert outcome.left_out_task_ids == (step.late.task_id,)

    @pytest.mark.parametrize("expected", [None, 5])
    async def test_a_clock_behind_javas_loses_nothing(
        self, store: Store, expected: int | None
    ) -> None:
        step = await self.java_made(store, ahead_ms=600_000)
        update = builders.update_task(step.started(step.ship, expected=expected), now_ms=now_ms())
        outcome = await store.writer.apply(update)
        shown = (await store.shown(step)).tasks[str(step.ship.task_id)]
        assert shown.status is TaskStatus.IN_PROGRESS
        assert shown.update_time == outcome.task_times[str(step.ship.task_id)]

    @pytest.mark.parametrize("size", [30_000, 200_000])
    async def test_a_plain_update_may_be_larger_than_a_batch(self, store: Store, size: int) -> None:
        step = await self.java_made(store)
        large = replace(
            step.ship, status=TaskStatus.COMPLETED, output_data=Raw(b'{"x":"%s"}' % (b"x" * size))
        )
        update = builders.update_task(TaskUpdate(task=large), now_ms=now_ms())
        await store.writer.apply(replace(update, mark_index=True))
        assert (await store.shown(step)).tasks[str(large.task_id)].output_data == large.output_data
        assert ("task", large.task_id) in await store.marks(str(large.task_id))

    async def test_a_task_that_java_removed_gets_its_document_anew(self, store: Store) -> None:
        step = DecideStep()
        seen = await store.first(step)
        id_ = str(step.ship.task_id)
        timestamp = seen.task_times[id_] * 1_000 + 1
        await store.tables.rows("remove_task", timestamp, step.workflow_id, id_)
        assert id_ not in (await store.shown(step)).tasks
        outcome = await store.writer.apply(builders.create_tasks([step.ship], now_ms=now_ms()))
        assert outcome.created_task_ids == (id_,)
        assert outcome.task_times[id_] > seen.task_times[id_]
        assert_first(await store.shown(step), step)

    async def test_a_slot_of_javas_task_is_its_only_one(self, store: Store) -> None:
        step = await self.java_made(store)
        moved = replace(step.ship, reference_task_name="notify_ref")
        with pytest.raises(AlreadyExistsError):
            await store.writer.apply(builders.create_tasks([moved], now_ms=now_ms()))
