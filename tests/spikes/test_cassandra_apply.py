"""The WriteSet on Cassandra, killed after every step, finished by its caller or by the drainer, and raced.

Stays until the real adapter's tests replace it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple
from uuid import uuid4

import acsylla
import msgspec
import pytest
import pytest_asyncio
from msgspec import Raw
from msgspec.structs import replace

from podium_core.dao.commit import Commit
from podium_core.dao.execution import TaskUpdate
from podium_core.errors import ConflictError, NotFoundError
from podium_core.models import DECIDER_QUEUE, Task, TaskStatus, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.write_set import IndexMark, PushOp, WriteOutcome, builders
from tests.services.cassandra_server import ContactPoint
from tests.spikes.cassandra_apply import CassandraApply, Drainer
from tests.spikes.cassandra_decide import SLOT
from tests.spikes.cassandra_tables import BUCKETS, Row, Tables
from tests.spikes.decide_step import DecideStep, now_ms, write_set
from tests.spikes.failpoints import Death, Failpoints, killed

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEFORE_GUARD = ("1 read", "2 row stored")
FIRST = (
    *BEFORE_GUARD,
    "3 guard moved",
    *("4 lookup charge", "4 task charge", "4 limit charge"),
    *("4 lookup ship", "4 task ship", "4 limit ship"),
    "4 workflow",
    *("4 intent 0", "4 intent 1", "4 intent 2"),
    "5 row dropped",
)
SECOND = (
    *BEFORE_GUARD,
    "3 guard moved",
    *("4 lookup notify", "4 task notify", "4 limit notify"),
    *("4 task charge", "4 limit charge"),
    "4 workflow",
    "4 intent 0",
    "5 row dropped",
)


class Queue:
    """Another store's queue: a message keeps its push's token, and a push with none above it changes nothing."""

    def __init__(self) -> None:
        self.messages: dict[tuple[str, str], int] = {}
        self.pushed: list[tuple[str, str]] = []

    async def deliver(self, push: PushOp, token: int) -> None:
        name = (push.queue_name, push.message_id)
        if self.messages.get(name, 0) < token:
            self.messages[name] = token
            self.pushed.append(name)

    def consume(self) -> None:
        """Workers take and acknowledge everything."""
        self.messages.clear()


class Shown(NamedTuple):
    """What Conductor's own tables show of a workflow, and the guard's slots."""

    workflow: Workflow | None
    tasks: dict[str, Task]
    lookups: set[str]
    running: set[str]
    slots: dict[str, str]


class Store:
    """A writer, a drainer, and eyes on the tables."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.failpoints, self.drain_failpoints = Failpoints(), Failpoints()
        self.writer = CassandraApply(tables, self.failpoints)
        self.other = CassandraApply(tables)
        self.queue = Queue()
        self.drainer = Drainer(self.other, self.queue.deliver, self.drain_failpoints)

    async def first(self, step: DecideStep) -> WriteOutcome:
        return await self.writer.apply(write_set(step.first()))

    async def rows_left(self) -> int:
        return sum([len(await self.tables.rows("rows", bucket)) for bucket in range(BUCKETS)])

    async def marks(self, ids: list[str]) -> dict[str, int]:
        """The tokens of these ids' marks."""
        entries = [row for at in range(BUCKETS) for row in await self.tables.rows("entries", at)]
        return {row.id: row.written for row in entries if row.id in ids}

    async def shown(self, step: DecideStep) -> Shown:
        workflow = None
        for row in await self.tables.rows("workflow", step.workflow_id):
            assert msgspec.json.decode(row.payload)
            workflow = WORKFLOW.decode(row.payload, step.workflow_id)
        rows = await self.tables.rows("all_tasks", step.workflow_id)
        tasks = {row.task_id: TASK.decode(row.payload, row.task_id) for row in rows}
        known = [str(task.task_id) for task in (step.charge, step.ship, step.notify, step.late)]
        lookups = {id_ for id_ in known if await self.tables.rows("lookup", id_)}
        running = {
            id_
            for id_ in known
            if await self.tables.rows("running", step.charge.task_def_name, id_)
        }
        names = ["charge_ref\x000", "ship_ref\x000", "notify_ref\x000"]
        slots = await self.tables.rows("guard_rows", step.workflow_id, SLOT, names)
        return Shown(
            workflow,
            tasks,
            lookups,
            running,
            {r.name.split("\x00")[0]: r.value.decode() for r in slots},
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tables(cassandra_contact_point: ContactPoint) -> AsyncIterator[Tables]:
    cluster = acsylla.create_cluster(
        [cassandra_contact_point.host],
        port=cassandra_contact_point.port,
        log_level="disabled",
        consistency=acsylla.Consistency.LOCAL_QUORUM,
        serial_consistency=acsylla.Consistency.LOCAL_SERIAL,
    )
    session: Any = await cluster.create_session()
    yield await Tables.create(session, f"spike_{uuid4().hex}")
    await session.close()


@pytest_asyncio.fixture(loop_scope="module")
async def store(tables: Tables) -> AsyncIterator[Store]:
    made = Store(tables)
    yield made
    await made.drainer.drain()
    assert await made.rows_left() == 0


def assert_nothing(shown: Shown) -> None:
    assert shown == Shown(None, {}, set(), set(), {})


def assert_first(shown: Shown, step: DecideStep) -> None:
    """The first decide step, whole."""
    charge, ship = str(step.charge.task_id), str(step.ship.task_id)
    assert shown.workflow is not None
    assert shown.workflow.input == step.workflow.input
    assert set(shown.tasks) == shown.lookups == {charge, ship}
    assert shown.slots == {"charge_ref": charge, "ship_ref": ship}
    assert shown.running == set()


def assert_second(shown: Shown, step: DecideStep) -> None:
    """The second, whole: ``late`` left out."""
    charge, ship, notify = (str(task.task_id) for task in (step.charge, step.ship, step.notify))
    assert shown.workflow is not None
    assert bytes(memoryview(shown.workflow.variables)) == b'{"step":2}'
    assert set(shown.tasks) == shown.lookups == {charge, ship, notify}
    assert shown.tasks[charge].status is TaskStatus.IN_PROGRESS
    assert shown.slots == {"charge_ref": charge, "ship_ref": ship, "notify_ref": notify}
    assert shown.running == {charge}


def pushes(step: DecideStep, *tasks: Task) -> list[tuple[str, str]]:
    return [*((str(task.task_type), str(task.task_id)) for task in tasks)]


def first_pushes(step: DecideStep) -> set[tuple[str, str]]:
    return {*pushes(step, step.charge, step.ship), (DECIDER_QUEUE, step.workflow_id)}


def third(step: DecideStep, seen: WriteOutcome) -> Commit:
    """A later decide step of another server: sets a variable, finishes ``charge``."""
    done = replace(step.charge, status=TaskStatus.COMPLETED)
    return Commit(
        workflow_id=step.workflow_id,
        update_workflow=replace(step.workflow, variables=Raw(b'{"step":3}')),
        expected_update_time=seen.workflow_times[step.workflow_id],
        update_tasks=(TaskUpdate(task=done),),
    )


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
        await store.first(step)
        ids = [str(task.task_id) for task in (step.notify, step.late)]
        create = builders.create_tasks([step.notify, step.late], now_ms=now_ms())
        marked = replace(create, marks=tuple(IndexMark("task", id_) for id_ in ids))
        outcome = await store.writer.apply(marked)
        assert await store.marks(ids) == {ids[0]: outcome.task_times[ids[0]] * 1_000}

    async def test_a_stale_time_writes_nothing(self, store: Store) -> None:
        step = DecideStep()
        seen = await store.first(step)
        stale = {step.workflow_id: seen.workflow_times[step.workflow_id] - 1}
        with pytest.raises(ConflictError):
            await store.writer.apply(write_set(step.second(replace(seen, workflow_times=stale))))
        assert_first(await store.shown(step), step)

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
                await store.writer.apply(builders.update_tasks([update], now_ms=now_ms()))
        assert_nothing(await store.shown(step))

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
            builders.create_workflow(step.workflow, now_ms=1).workflow_puts[0].document.stamped(5)
        )
        task = builders.create_tasks([step.ship], now_ms=1).task_puts[0].document.stamped(5)
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
        update = builders.update_tasks(
            [step.started(step.ship, expected=expected)], now_ms=now_ms()
        )
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
        update = builders.update_tasks([TaskUpdate(task=large)], now_ms=now_ms())
        await store.writer.apply(replace(update, marks=(IndexMark("task", str(large.task_id)),)))
        assert (await store.shown(step)).tasks[str(large.task_id)].output_data == large.output_data


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
