"""A check of the queues finds what ought to be queued and isn't; a repair pushes that and touches nothing else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from podium_core.errors import InvalidArgumentError
from podium_core.index.changes import EntryKind
from podium_core.models import (
    DECIDER_QUEUE,
    Message,
    PushMessage,
    Task,
    TaskDef,
    TaskStatus,
    WorkflowStatus,
)
from podium_core.models.json_text import to_raw
from podium_core.models.queue_name import task_queue_name
from podium_core.outbox import KIND_PUSH, KIND_UNQUEUE, NewEntry, message_key
from podium_core.paging.resume_token import resume_token
from podium_core.reconcile import QueueProblem, QueueProgress, QueueReport
from podium_server.config.settings import RepairSettings
from podium_server.reconcile.queue_check import QueueCheck
from podium_server.reconcile.queue_looks import QueueLooks
from podium_server.reconcile.queue_rules import Expected, QueueRules
from tests.contract.records import make_task, make_workflow
from tests.server.reconciling import Reconciling, reconciling

LATER_MS = 61_000
UNQUEUED = frozenset(RepairSettings().unqueued_task_types)
NOT_DECIDED = QueueProblem.WORKFLOW_NOT_QUEUED
NOT_QUEUED = QueueProblem.TASK_NOT_QUEUED
STRAY = QueueProblem.MESSAGE_WITHOUT_TASK
UNREADABLE = QueueProblem.MESSAGE_UNREADABLE


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Reconciling]:
    """A workflow, in the decider queue, with a task that is queued and one that isn't."""
    async with reconciling(tmp_path) as opened:
        yield opened


def check(
    world: Reconciling, *, age_ms: int = LATER_MS, second_look_seconds: float = 0
) -> QueueCheck:
    """A check that runs so long after now."""
    rules = QueueRules(
        min_age_ms=60_000,
        second_look_seconds=second_look_seconds,
        unqueued_task_types=UNQUEUED,
        decider_offset_ms=0,
    )
    now_ms = int(time.time() * 1000) + age_ms
    return QueueCheck(
        world.source,
        world.executions.apply,
        world.queues,
        world.metadata,
        world.outbox,
        rules,
        clock=lambda: now_ms,
    )


async def reports_of(reports: AsyncIterator[QueueReport]) -> list[QueueReport]:
    return [report async for report in reports]


async def found(world: Reconciling, **how: Any) -> set[tuple[QueueProblem, str, str]]:
    reports = await reports_of(check(world, **how).verify())
    return {(one.problem, one.queue_name, one.id) for r in reports for one in r.findings}


def before_the_second_look(
    monkeypatch: pytest.MonkeyPatch, look: str, change: Callable[[], Awaitable[None]]
) -> None:
    """Have something change between the first look and the second."""
    original = getattr(QueueLooks, look)

    async def changed(self: QueueLooks, *arguments: Any) -> Any:
        await change()
        return await original(self, *arguments)

    monkeypatch.setattr(QueueLooks, look, changed)


async def running(world: Reconciling, *tasks: Task, id_: str = "w1") -> None:
    """A running workflow in the decider queue with tasks that nobody has queued."""
    await world.executions.create_workflow(make_workflow(id_))
    await world.executions.create_tasks(tasks)


async def queue(world: Reconciling, task: Task) -> None:
    await world.queues.push(task_queue_name(task), PushMessage(id=str(task.task_id)))


class TestVerify:
    async def test_what_is_right(self, world: Reconciling) -> None:
        task = make_task()
        await running(world, task)
        await queue(world, task)
        (*_, last) = await reports_of(check(world).verify())
        assert last.progress == QueueProgress(checked=4)
        assert (last.done, last.resume_token, last.pushed) == (True, "", 0)

    async def test_what_is_not_queued(self, world: Reconciling) -> None:
        await running(world, make_task("t1"), make_task("t2", domain="eu"))
        await world.queues.remove(DECIDER_QUEUE, "w1")
        assert await found(world) == {
            (NOT_DECIDED, DECIDER_QUEUE, "w1"),
            (NOT_QUEUED, "encode", "t1"),
            (NOT_QUEUED, "eu:encode", "t2"),
        }

    async def test_a_leased_message_is_a_message(self, world: Reconciling) -> None:
        task = make_task()
        await running(world, task)
        await queue(world, task)
        assert await world.queues.pop("encode", count=1) == ["t1"]
        assert await found(world) == set()

    async def test_what_is_young_is_left_alone(self, world: Reconciling) -> None:
        await running(world, make_task())
        await world.queues.remove(DECIDER_QUEUE, "w1")
        assert await found(world, age_ms=50_000) == set()

    async def test_the_age_of_a_task_counts_from_its_schedule(self, world: Reconciling) -> None:
        in_the_future = int(time.time() * 1000) + 30_000
        await running(world, make_task(scheduled_time=in_the_future), make_task("t2"))
        assert await found(world) == {(NOT_QUEUED, "encode", "t2")}

    @pytest.mark.parametrize("task_type", sorted(UNQUEUED))
    async def test_what_its_engine_carries_out_itself(
        self, world: Reconciling, task_type: str
    ) -> None:
        await running(world, make_task(definition_name=task_type))
        assert await found(world) == set()

    @pytest.mark.parametrize("task_type", ["SIMPLE", "HTTP", "SUB_WORKFLOW", "JOIN"])
    async def test_what_conductor_queues(self, world: Reconciling, task_type: str) -> None:
        await running(world, make_task(definition_name=task_type))
        assert await found(world) == {(NOT_QUEUED, task_type, "t1")}

    async def test_statuses_that_wait_for_nobody(self, world: Reconciling) -> None:
        statuses = [status for status in TaskStatus if status is not TaskStatus.SCHEDULED]
        tasks = [make_task(status.name, status=status) for status in statuses]
        await running(world, *tasks)
        await world.executions.create_workflow(make_workflow("p", status=WorkflowStatus.PAUSED))
        await world.queues.remove(DECIDER_QUEUE, "p")
        assert await found(world) == set()

    async def test_a_task_of_a_workflow_that_has_ended(self, world: Reconciling) -> None:
        await running(world, make_task())
        ended = make_workflow(status=WorkflowStatus.COMPLETED)
        await world.executions.update_workflow(ended)
        assert await found(world) == set()

    @pytest.mark.parametrize("archive", [False, True])
    async def test_what_carries_a_removal_record(self, world: Reconciling, archive: bool) -> None:
        await running(world, make_task())
        if archive:
            await world.executions.update_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
        await world.executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600, archive=archive)
        if archive:  # it runs again, and still goes when it is due
            await world.executions.update_workflow(make_workflow())
        assert not await world.queues.contains_message(DECIDER_QUEUE, "w1")
        assert await found(world) == set()

    async def test_a_push_on_its_way(self, world: Reconciling) -> None:
        await running(world, make_task())
        key = message_key("encode", "t1")
        await world.outbox.put(
            [NewEntry(kind=KIND_PUSH, id=key, owner="w1", body=b"{}", delay_ms=60_000)]
        )
        assert await found(world) == set()

    async def test_what_comes_before_the_second_look(
        self, world: Reconciling, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await running(world, make_task("t1"), make_task("t2"), make_task("t3"))

        async def change() -> None:
            await queue(world, make_task("t1"))
            await world.executions.update_task(make_task("t2", status=TaskStatus.COMPLETED))

        before_the_second_look(monkeypatch, "still_not_queued", change)
        assert await found(world) == {(NOT_QUEUED, "encode", "t3")}

    async def test_unreadable_documents_are_passed_by(self, world: Reconciling) -> None:
        await running(world, make_task())
        await queue(world, make_task())
        world.corrupt("tasks", "t1")
        world.corrupt("workflows", "w1")
        assert await found(world) == set()


class TestMessagesWithoutTask:
    async def test_in_queues_of_tasks(self, world: Reconciling) -> None:
        await running(world, make_task())
        await queue(world, make_task())
        await world.metadata.create_task_def(
            TaskDef(name="resize", document=to_raw({"name": "resize"}))
        )
        for name in ("encode", "resize", "eu:resize", "resize@ns-group", "resize-group", "events"):
            await world.queues.push(name, PushMessage(id="gone"))
        await world.queues.push(DECIDER_QUEUE, PushMessage(id="gone"))
        names = ("encode", "resize", "eu:resize", "resize@ns-group", "resize-group", DECIDER_QUEUE)
        assert await found(world) == {(STRAY, name, "gone") for name in names}

    async def test_one_that_is_being_taken_away(self, world: Reconciling) -> None:
        await running(world, make_task())
        await queue(world, make_task())
        await world.queues.push("encode", PushMessage(id="gone"))
        key = message_key("encode", "gone")
        await world.outbox.put(
            [NewEntry(kind=KIND_UNQUEUE, id=key, owner="w1", body=b"{}", delay_ms=60_000)]
        )
        assert await found(world) == set()

    async def test_one_that_goes_before_the_second_look(
        self, world: Reconciling, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await world.queues.push(DECIDER_QUEUE, PushMessage(id="gone"))

        async def change() -> None:
            await world.queues.remove(DECIDER_QUEUE, "gone")

        before_the_second_look(monkeypatch, "still_without_document", change)
        assert await found(world) == set()


class TestUnreadableMessages:
    @pytest.fixture
    async def damaged(self, world: Reconciling) -> Reconciling:
        """The message of a scheduled task, and two of a queue of no task, that a poll has set aside."""
        task = make_task()
        await running(world, task)
        await world.queues.push("encode", PushMessage(id="t1", payload="x"))
        for id_ in ("a", "b", "c"):
            await world.queues.push("events", PushMessage(id=id_, payload="x"))
        for sql in (
            "UPDATE messages SET payload = CAST(x'FF' AS TEXT) WHERE id IN ('t1', 'a')",
            "UPDATE messages SET id = id || CAST(x'FF1B' AS TEXT) WHERE id = 'b'",
        ):
            world.execute(world.settings.path, sql)
        assert await world.queues.pop("encode", count=9) == []
        assert await world.queues.pop("events", count=9) == ["c"]
        return world

    async def test_are_findings_of_their_own(self, damaged: Reconciling) -> None:
        assert await found(damaged) == {
            (UNREADABLE, "encode", "t1"),
            (UNREADABLE, "events", "a"),
            (UNREADABLE, "events", "b\\xff\x1b"),
        }
        (*_, last) = await reports_of(check(damaged).verify())
        assert last.progress == QueueProgress(checked=7, message_unreadable=3)

    async def test_a_repair_leaves_what_is_left_of_them(self, damaged: Reconciling) -> None:
        sql = "SELECT CAST(payload AS BLOB) FROM messages WHERE id = 't1'"
        before = damaged.execute(damaged.settings.path, sql)
        (*_, last) = await reports_of(check(damaged).repair(apply=True))
        assert (last.progress.message_unreadable, last.progress.left, last.pushed) == (3, 3, 0)
        assert before == damaged.execute(damaged.settings.path, sql) == [(b"\xff",)]

    async def test_one_that_was_pushed_again_is_right(self, damaged: Reconciling) -> None:
        await damaged.queues.push("encode", PushMessage(id="t1"))
        await damaged.queues.flush("events")
        assert await found(damaged) == set()

    async def test_one_that_was_removed_is_pushed_by_a_repair(self, damaged: Reconciling) -> None:
        await damaged.queues.remove("encode", "t1")
        assert (NOT_QUEUED, "encode", "t1") in await found(damaged)
        await reports_of(check(damaged).repair(apply=True))
        assert await damaged.queues.pop("encode", count=9) == ["t1"]


class TestRepair:
    async def repaired(self, world: Reconciling, *, apply: bool) -> QueueReport:
        return (await reports_of(check(world).repair(apply=apply)))[-1]

    async def test_says_only_what_it_would_push(self, world: Reconciling) -> None:
        await running(world, make_task())
        last = await self.repaired(world, apply=False)
        assert (last.progress.task_not_queued, last.pushed) == (1, 0)
        assert not await world.queues.contains_message("encode", "t1")

    async def test_pushes_what_is_not_queued_and_nothing_else(self, world: Reconciling) -> None:
        task = make_task("t1", workflow_priority=7)
        odd = make_task("t2", callback_after_seconds=2**60)
        await running(world, task, odd, make_task("t3"))
        await queue(world, make_task("t3"))
        await world.queues.remove(DECIDER_QUEUE, "w1")
        await world.queues.push("encode", PushMessage(id="gone", offset_ms=60_000))
        last = await self.repaired(world, apply=True)
        assert (last.progress.not_queued, last.pushed) == (3, 3)
        messages = await world.queues.poll_messages("encode", count=9)
        assert [(one.id, one.priority) for one in messages] == [("t1", 7), ("t3", 0)]
        assert await world.queues.contains_message("encode", "t2")
        assert await world.queues.pop(DECIDER_QUEUE, count=1) == ["w1"]
        assert await found(world) == {(STRAY, "encode", "gone")}

    async def test_pushes_nothing_of_what_carries_a_removal_record(
        self, world: Reconciling
    ) -> None:
        await running(world, make_task())
        await world.executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600)
        assert (await self.repaired(world, apply=True)).pushed == 0
        assert await world.queues.queues_detail() == {}

    @pytest.mark.parametrize(
        ("gone", "pushed"),
        [("expiring", set()), ("removed", set()), ("task removed", {DECIDER_QUEUE})],
    )
    async def test_what_is_removed_behind_the_last_look_stays_out_of_the_queues(
        self, world: Reconciling, monkeypatch: pytest.MonkeyPatch, gone: str, pushed: set[str]
    ) -> None:
        await running(world, make_task())
        await world.queues.remove(DECIDER_QUEUE, "w1")
        still_not_queued = QueueLooks.still_not_queued

        async def and_removed_then(looks: QueueLooks, *asked: Any) -> list[Expected]:
            answer = await still_not_queued(looks, *asked)
            if asked[0] is EntryKind.WORKFLOW and gone == "expiring":
                await world.executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600)
            elif asked[0] is EntryKind.WORKFLOW and gone == "removed":
                await world.executions.remove_workflow("w1")
            elif asked[0] is EntryKind.TASK:
                await world.executions.remove_task("t1")
            return answer

        monkeypatch.setattr(QueueLooks, "still_not_queued", and_removed_then)
        last = await self.repaired(world, apply=True)
        assert last.pushed == len(pushed)
        assert set(await world.queues.queues_detail()) == pushed

    async def test_what_was_pushed_behind_the_last_look_stays_as_it_is(
        self, world: Reconciling, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await running(world, make_task())
        still_not_queued = QueueLooks.still_not_queued

        async def and_pushed_then(looks: QueueLooks, *asked: Any) -> list[Expected]:
            answer = await still_not_queued(looks, *asked)
            await world.queues.push("encode", PushMessage(id="t1", payload="p"))
            return answer

        monkeypatch.setattr(QueueLooks, "still_not_queued", and_pushed_then)
        assert (await self.repaired(world, apply=True)).pushed == 0
        (message,) = await world.queues.poll_messages("encode", count=2)
        assert message.payload == "p"

    async def test_the_callback_time_is_the_delay(self, world: Reconciling) -> None:
        await running(world, make_task("t1", callback_after_seconds=3_600))
        await self.repaired(world, apply=True)
        assert await world.queues.peek_first_ids("encode", 1) == ["t1"]
        none: list[Message] = await world.queues.poll_messages("encode", count=1)
        assert none == []

    async def test_what_no_queue_can_take_is_no_problem(self, world: Reconciling) -> None:
        await running(world, make_task(definition_name="x" * 1_000, domain="y" * 1_000))
        assert (await self.repaired(world, apply=True)).progress.not_queued == 0


class TestLongChecks:
    async def test_goes_on_behind_a_report(self, world: Reconciling) -> None:
        ids = [f"t{number:03}" for number in range(400)]
        await running(world, *(make_task(id_) for id_ in ids))
        await world.executions.remove_task("t399")
        await world.queues.push_messages("encode", [PushMessage(id=id_) for id_ in ids[300:]])
        await world.queues.push_messages(
            "encode", [PushMessage(id=f"gone{number}") for number in range(600)]
        )
        whole = await reports_of(check(world).verify())
        assert whole[-1].progress == QueueProgress(
            checked=1 + 399 + 1 + 700, task_not_queued=300, message_without_task=601
        )
        for at, report in enumerate(whole[:-1]):
            rest = await reports_of(check(world).verify(report.resume_token))
            assert rest[-1].progress == whole[-1].progress
            later = [one for r in whole[at + 1 :] for one in r.findings]
            assert [one for r in rest for one in r.findings] == later

    @pytest.mark.parametrize(
        "token",
        [
            "?",
            resume_token("tasks", "a"),
            resume_token("events", "a", 0, 0, 0, 0, 0, 0),
            resume_token("tasks", "a", -1, 0, 0, 0, 0, 0),
            resume_token("messages", "a", 0, 0, 0, 0, 0, 0),
        ],
    )
    async def test_a_token_of_something_else(self, world: Reconciling, token: str) -> None:
        with pytest.raises(InvalidArgumentError, match="resume_token"):
            await reports_of(check(world).verify(token))


async def test_every_message_is_walked_over(world: Reconciling) -> None:
    pairs = [(name, id_) for name in ("a", "b", "ü") for id_ in ("1", "10", "2", "é")]
    for name, id_ in reversed(pairs):
        await world.queues.push(name, PushMessage(id=id_))
    walked: list[tuple[str, str]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await world.queues.scan_messages(cursor=cursor, limit=5)
        assert len(page.messages) <= 5
        walked += page.messages
        cursor = page.cursor
    assert sorted(walked) == sorted(pairs)
