"""The WriteSet on Cassandra, killed after every step, finished by its caller or by the drainer, and raced.

Stays until the real adapter's tests replace it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from podium_core.errors import ConflictError
from podium_core.models import Commit, TaskStatus, TaskUpdate
from podium_core.write_set import WriteOutcome, builders
from tests.spikes.cassandra_apply import CassandraApply
from tests.spikes.cassandra_store import (
    BEFORE_GUARD,
    FIRST,
    SECOND,
    Store,
    assert_first,
    assert_nothing,
    assert_second,
    first_pushes,
    pushes,
)
from tests.spikes.cassandra_tables import Row, Tables
from tests.spikes.decide_step import DecideStep, now_ms, write_set
from tests.spikes.failpoints import Death, killed

pytestmark = pytest.mark.asyncio(loop_scope="module")


def third(step: DecideStep, seen: WriteOutcome) -> Commit:
    """A later decide step of another server: sets a variable, finishes ``charge``."""
    done = replace(step.charge, status=TaskStatus.COMPLETED)
    return Commit(
        workflow_id=step.workflow_id,
        update_workflow=replace(step.workflow, variables=Raw(b'{"step":3}')),
        expected_update_time=seen.workflow_times[step.workflow_id],
        update_tasks=(TaskUpdate(task=done),),
    )


class TestDying:
    @pytest.mark.parametrize("death", Death)
    @pytest.mark.parametrize("point", FIRST)
    async def test_the_caller_repeats_the_first(
        self, store: Store, point: str, death: Death
    ) -> None:
        step = DecideStep()
        store.failpoints.arm(point, death)
        await killed(store.first(step))
        outcome = await store.first(step)
        assert outcome.replayed == (point not in BEFORE_GUARD)
        assert outcome.created_task_ids == (step.charge.task_id, step.ship.task_id)
        shown = await store.shown(step)
        assert_first(shown, step)
        assert shown.workflow is not None
        assert shown.workflow.updated_time == outcome.workflow_times[step.workflow_id]
        await self.assert_pushed(store, first_pushes(step))

    @pytest.mark.parametrize("point", FIRST)
    async def test_the_drainer_finishes_the_first(self, store: Store, point: str) -> None:
        step = DecideStep()
        store.failpoints.arm(point)
        await killed(store.first(step))
        if (await store.shown(step)).workflow is not None:
            # Whoever sees the workflow sees its tasks.
            assert_first(await store.shown(step), step)
        await store.drainer.drain()
        if point in BEFORE_GUARD:
            assert_nothing(await store.shown(step))
            await self.assert_pushed(store, set())
        else:
            assert_first(await store.shown(step), step)
            await self.assert_pushed(store, first_pushes(step))

    @pytest.mark.parametrize("drained", [False, True])
    @pytest.mark.parametrize("point", SECOND)
    async def test_the_caller_repeats_the_second(
        self, store: Store, point: str, drained: bool
    ) -> None:
        step = DecideStep()
        commit = write_set(step.second(await store.first(step)))
        store.failpoints.arm(point)
        await killed(store.writer.apply(commit))
        if drained:
            await store.drainer.drain()
            store.queue.consume()
        outcome = await store.writer.apply(commit)
        assert outcome.replayed == (point not in BEFORE_GUARD)
        assert outcome.left_out_task_ids == (step.late.task_id,)
        assert_second(await store.shown(step), step)
        await self.assert_pushed(store, {*first_pushes(step), *pushes(step, step.notify)})

    @pytest.mark.parametrize("point", SECOND)
    async def test_the_drainer_finishes_the_second(self, store: Store, point: str) -> None:
        step = DecideStep()
        seen = await store.first(step)
        store.failpoints.arm(point)
        await killed(store.writer.apply(write_set(step.second(seen))))
        await store.drainer.drain()
        done = point not in BEFORE_GUARD
        (assert_second if done else assert_first)(await store.shown(step), step)
        await self.assert_pushed(
            store, {*first_pushes(step), *(pushes(step, step.notify) if done else ())}
        )

    @pytest.mark.parametrize("point", SECOND)
    async def test_a_writer_that_stalls_changes_nothing_later(
        self, store: Store, point: str
    ) -> None:
        """Others finish its WriteSet, go on, consume its messages; then it wakes up and does the rest once more."""
        step = DecideStep()
        seen = await store.first(step)
        later: list[WriteOutcome] = []

        async def meanwhile() -> None:
            await store.drainer.drain()
            store.queue.consume()
            stored = (await store.shown(step)).workflow
            assert stored is not None
            expected = {step.workflow_id: int(stored.updated_time or 0)}
            later.append(
                await store.other.apply(
                    write_set(third(step, WriteOutcome(workflow_times=expected)))
                )
            )

        store.failpoints.meanwhile(point, meanwhile)
        if point in BEFORE_GUARD:
            with pytest.raises(ConflictError):
                await store.writer.apply(write_set(step.second(seen)))
        else:
            await store.writer.apply(write_set(step.second(seen)))
        shown = await store.shown(step)
        assert shown.workflow is not None
        assert bytes(memoryview(shown.workflow.variables)) == b'{"step":3}'
        assert shown.workflow.updated_time == later[0].workflow_times[step.workflow_id]
        assert shown.tasks[str(step.charge.task_id)].status is TaskStatus.COMPLETED
        assert shown.running == set()
        pushed = {
            *first_pushes(step),
            *(pushes(step, step.notify) if point not in BEFORE_GUARD else ()),
        }
        await self.assert_pushed(store, pushed)

    async def test_a_row_dropped_under_its_writer_is_never_named(self, store: Store) -> None:
        """The drainer drops it, the writer wakes up, moves the guard (with another row, then) and dies."""
        step = DecideStep()
        store.failpoints.meanwhile("2 row stored", store.drainer.drain)
        store.failpoints.arm("3 guard moved")
        await killed(store.first(step))
        await store.drainer.drain()
        assert_first(await store.shown(step), step)
        assert (await store.first(step)).replayed
        await self.assert_pushed(store, first_pushes(step))

    @pytest.mark.parametrize("point", ["seq raised", "delivered"])
    async def test_the_drainer_dies_too(self, store: Store, point: str) -> None:
        step = DecideStep()
        store.failpoints.arm("2 row stored" if point == "seq raised" else "5 row dropped")
        await killed(store.first(step))
        store.drain_failpoints.arm(point)
        await killed(store.drainer.drain())
        await store.drainer.drain()
        if point == "seq raised":
            assert_nothing(await store.shown(step))
        else:
            await self.assert_pushed(store, first_pushes(step))

    @staticmethod
    async def assert_pushed(store: Store, expected: set[tuple[str, str]]) -> None:
        """Each once, whatever was carried out or delivered twice."""
        await store.drainer.drain()
        assert set(store.queue.pushed) == expected
        assert len(store.queue.pushed) == len(expected)


class DocumentReadLast(Tables):
    """Lets something happen once all but the workflow's document was read."""

    def __init__(self, tables: Tables, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__(tables.session, tables.prepared)
        self._meanwhile: Callable[[], Awaitable[object]] | None = meanwhile

    async def rows(self, name: str, *values: Any) -> list[Row]:
        if name == "workflow" and self._meanwhile:
            do, self._meanwhile = self._meanwhile, None
            await do()
        return await super().rows(name, *values)


class TestRacing:
    async def test_of_two_writers_with_one_expectation_one_wins(self, store: Store) -> None:
        for _ in range(10):
            step = DecideStep()
            seen = await store.first(step)
            commits = [write_set(step.second(seen, request_id=name)) for name in ("one", "two")]
            said = await asyncio.gather(*map(store.writer.apply, commits), return_exceptions=True)
            assert {type(answer) for answer in said} == {ConflictError, WriteOutcome}
            assert_second(await store.shown(step), step)

    async def test_of_three_tasks_for_one_slot_one_is_created(self, store: Store) -> None:
        for _ in range(5):
            step = DecideStep()
            await store.first(step)
            tasks = [step.task("twin", "notify_ref") for _ in range(3)]
            calls = [
                store.writer.apply(builders.create_tasks([task], now_ms=now_ms())) for task in tasks
            ]
            said = await asyncio.gather(*calls)
            created = [id_ for outcome in said for id_ in outcome.created_task_ids]
            assert len(created) == 1
            shown = await store.shown(step)
            assert shown.slots["notify_ref"] == created[0]
            assert set(created) == set(shown.tasks) - {step.charge.task_id, step.ship.task_id}

    async def test_a_refusal_counts_only_if_nobody_passed_the_guard(self, store: Store) -> None:
        """The repeat reads no remembered request, and then the document that the first call wrote."""
        step = DecideStep()
        commit = write_set(step.second(await store.first(step)))
        tables = DocumentReadLast(store.tables, lambda: store.other.apply(commit))
        assert (await CassandraApply(tables).apply(commit)).replayed

    async def test_a_repeat_beside_its_first_call_takes_effect_once(self, store: Store) -> None:
        step = DecideStep()
        commit = write_set(step.second(await store.first(step)))
        said = await asyncio.gather(store.writer.apply(commit), store.other.apply(commit))
        assert sorted(outcome.replayed for outcome in said) == [False, True]
        assert said[0].task_times == said[1].task_times
        assert_second(await store.shown(step), step)
