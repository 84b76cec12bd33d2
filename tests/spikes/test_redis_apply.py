"""The WriteSet on Redis, killed before and after its script, and raced; stays until the real adapter's tests replace it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from podium_core.dao.commit import Commit
from podium_core.errors import ConflictError, NotFoundError
from podium_core.models import DECIDER_QUEUE, Message, Task, TaskStatus, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.write_set import IndexMark, WriteOutcome, WriteSet, builders
from tests.spikes.decide_step import DecideStep, now_ms, write_set
from tests.spikes.failpoints import Death, Failpoints, killed
from tests.spikes.redis_apply import RedisApply
from tests.spikes.redis_plan import Keys

POINTS = ("before the script", "after the script")


class Shown(NamedTuple):
    """What Conductor's own keys show of a workflow."""

    workflow: Workflow | None
    tasks: dict[str, Task]
    slots: dict[str, str]
    sets: dict[str, set[str]]
    queues: dict[str, set[str]]


class Store:
    """A namespace of its own on the shared server, and eyes on its keys."""

    def __init__(self, redis: Redis) -> None:
        self.redis: Any = redis
        self.name = f"spike-{uuid4().hex}"
        self.keys = Keys(f"{self.name}.test", f"{self.name}_queues.test")
        self.failpoints = Failpoints()
        self.writer = RedisApply(redis, self.keys, self.failpoints)

    async def names(self) -> list[str]:
        return sorted([key.decode() async for key in self.redis.scan_iter(f"{self.name}*")])

    async def members(self, *parts: str) -> set[str]:
        return {member.decode() for member in await self.redis.smembers(self.keys.data(*parts))}

    async def score(self, queue: str, message_id: str) -> float | None:
        found = await self.redis.zscore(self.keys.queue(queue), message_id)
        return None if found is None else float(found)

    async def pop(self, queue: str, message_id: str, *, lease_ms: int) -> str:
        """Lease a message as a queue adapter would, and give its receipt."""
        zset, receipt = self.keys.queue(queue), uuid4().hex
        await self.redis.zadd(zset, {message_id: now_ms() + lease_ms}, xx=True)
        score = await self.redis.eval(
            "return redis.call('ZSCORE', KEYS[1], ARGV[1])", 1, zset, message_id
        )
        await self.redis.hset(self.keys.receipts(queue), message_id, f"{receipt}|{score.decode()}")
        return receipt

    async def shown(self, step: DecideStep) -> Shown:
        text = await self.redis.get(self.keys.data("WORKFLOW", step.workflow_id))
        tasks = {}
        for id_ in await self.members("WORKFLOW_TO_TASKS", step.workflow_id):
            document = await self.redis.get(self.keys.data("TASK", id_))
            assert msgspec.json.decode(document)
            tasks[id_] = TASK.decode(document, id_)
        slots = await self.redis.hgetall(self.keys.data("SCHEDULED_TASKS", step.workflow_id))
        sets = {
            kind: {name async for name in self.in_sets(kind)}
            for kind in ("PENDING_WORKFLOWS", "IN_PROGRESS_TASKS", "TASKS_IN_PROGRESS_STATUS")
        }
        queues = {
            queue: {id_.decode() for id_ in await self.redis.zrange(self.keys.queue(queue), 0, -1)}
            for queue in (DECIDER_QUEUE, "charge", "ship", "notify")
        }
        return Shown(
            WORKFLOW.decode(text, step.workflow_id) if text else None,
            tasks,
            {field.decode(): id_.decode() for field, id_ in slots.items()},
            sets,
            queues,
        )

    async def in_sets(self, kind: str) -> AsyncIterator[str]:
        async for key in self.redis.scan_iter(f"{self.keys.data(kind)}.*"):
            for member in await self.redis.smembers(key):
                yield member.decode()

    async def first(self, step: DecideStep) -> WriteOutcome:
        return await self.writer.apply(write_set(step.first()))


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    async with Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0)) as redis:
        made = Store(redis)
        yield made
        names = await made.names()
        if names:
            await redis.delete(*names)


def assert_first(shown: Shown, step: DecideStep) -> None:
    """The first decide step, whole."""
    charge, ship = str(step.charge.task_id), str(step.ship.task_id)
    assert shown.workflow is not None
    assert shown.workflow.input == step.workflow.input
    assert set(shown.tasks) == {charge, ship}
    assert shown.slots == {"charge_ref0": charge, "ship_ref0": ship}
    assert shown.sets == {
        "PENDING_WORKFLOWS": {step.workflow_id},
        "IN_PROGRESS_TASKS": {charge, ship},
        "TASKS_IN_PROGRESS_STATUS": set(),
    }
    assert shown.queues == {
        DECIDER_QUEUE: {step.workflow_id},
        "charge": {charge},
        "ship": {ship},
        "notify": set(),
    }


def assert_second(shown: Shown, step: DecideStep) -> None:
    """The second, whole: ``late`` and its push left out."""
    charge, ship, notify = (str(task.task_id) for task in (step.charge, step.ship, step.notify))
    assert shown.workflow is not None
    assert bytes(memoryview(shown.workflow.variables)) == b'{"step":2}'
    assert set(shown.tasks) == {charge, ship, notify}
    assert shown.tasks[charge].status is TaskStatus.IN_PROGRESS
    assert shown.slots == {"charge_ref0": charge, "ship_ref0": ship, "notify_ref0": notify}
    assert shown.sets == {
        "PENDING_WORKFLOWS": {step.workflow_id},
        "IN_PROGRESS_TASKS": {charge, ship, notify},
        "TASKS_IN_PROGRESS_STATUS": {charge},
    }
    assert shown.queues["notify"] == {notify}
    assert shown.queues["ship"] == {ship}


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
                builders.update_tasks([step.started(step.charge)], now_ms=now_ms())
            )
        assert await store.names() == []

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
        removal = builders.remove_task(str(step.charge.task_id), take_message=True)
        assert (await store.writer.apply(removal)).tasks_removed == (True,)
        assert (await store.writer.apply(removal)).tasks_removed == (False,)
        shown = await store.shown(step)
        left = {str(step.ship.task_id), str(step.notify.task_id)}
        assert set(shown.tasks) == shown.sets["IN_PROGRESS_TASKS"] == left
        assert shown.sets["TASKS_IN_PROGRESS_STATUS"] == shown.queues["charge"] == set()
        assert "charge_ref0" not in shown.slots

    async def test_leaving_pending_frees_the_slots_and_keeps_the_documents(
        self, store: Store
    ) -> None:
        step = DecideStep()
        await store.first(step)
        await store.writer.apply(builders.remove_from_pending(step.workflow_id))
        shown = await store.shown(step)
        assert shown.workflow is not None
        assert shown.slots == {}
        assert shown.sets["PENDING_WORKFLOWS"] == set()

    async def test_marks_get_tokens_that_grow(self, store: Store) -> None:
        step = DecideStep()
        marks = (
            IndexMark("workflow", step.workflow_id),
            IndexMark("task", str(step.charge.task_id)),
        )
        await store.writer.apply(with_marks(write_set(step.first()), marks))
        before = await store.redis.hgetall(store.keys.ours("OUTBOX"))
        assert len(set(before.values())) == len(before) == 2
        update = builders.update_tasks([step.started(step.charge)], now_ms=now_ms())
        await store.writer.apply(with_marks(update, marks[1:]))
        after = await store.redis.hgetall(store.keys.ours("OUTBOX"))
        field = f"task/{step.charge.task_id}".encode()
        assert int(after[field].split()[0]) > max(
            int(value.split()[0]) for value in before.values()
        )


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


def with_marks(plain: WriteSet, marks: tuple[IndexMark, ...]) -> WriteSet:
    """What the facade adds where an index is routed."""
    return msgspec.structs.replace(plain, marks=marks)


def with_ack(commit: Commit, workflow_id: str, receipt: str) -> WriteSet:
    """The same Commit with the decider message's receipt as its lock."""
    return write_set(commit.with_ack(DECIDER_QUEUE, Message(id=workflow_id, receipt=receipt)))
