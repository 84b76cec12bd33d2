"""A fail-over by Sentinel under load, to a primary whose clock is five seconds behind or ahead.

What was replicated stays, and times are off by no more than the clocks are apart.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from podium_client import PodiumClient
from podium_core.models import PushMessage, WorkflowStatus
from tests.contract.records import make_workflow
from tests.faults.broken_loads import at_rest_after_each, each_commit_once
from tests.faults.fail_over import behind_sentinel
from tests.faults.index_load import IndexJournal, written_meanwhile
from tests.faults.index_truth import soon_at_rest
from tests.faults.queue_history import NEVER, SLACK, Kind, Op, violations
from tests.faults.queue_recorder import Recorder, at_work
from tests.patience import PATIENCE_MS, PATIENCE_SECONDS

STEP_SECONDS = 5.0
# Longer than the step and a fail-over.
LEASE_SECONDS = 10
TTL_SECONDS = 10
EXECUTIONS = 20
OPERATIONS = 600
QUEUE = "leased"

EACH_CLOCK = pytest.mark.parametrize(
    "offset", [-STEP_SECONDS, STEP_SECONDS], ids=["behind", "ahead"]
)


@EACH_CLOCK
async def test_each_commit_is_done_once(tmp_path: Path, offset: float) -> None:
    with behind_sentinel(tmp_path, offset) as world:
        break_ = world.kill_primary_once_replicated
        journal = await each_commit_once(world.server, 1, 1, break_, world.resumed)
    assert journal.cut_off


@EACH_CLOCK
async def test_index_queues_and_executions_agree(tmp_path: Path, offset: float) -> None:
    with behind_sentinel(tmp_path, offset) as world:
        break_ = world.kill_primary_once_replicated
        await at_rest_after_each(world.server, 1, 2, break_, world.resumed)


@EACH_CLOCK
async def test_no_history_shows_what_must_not_be(tmp_path: Path, offset: float) -> None:
    recorder = Recorder(seed=1, leases_ms=(400, 2_000, LEASE_SECONDS * 1000))
    with behind_sentinel(tmp_path, offset) as world:
        async with world.server.client() as podium:
            async with at_work(podium, recorder):
                await recorder.worked(OPERATIONS)
                replicated = world.kill_primary()
                killed = time.monotonic()
                await world.resumed()
                resumed = time.monotonic()
                await recorder.worked(OPERATIONS)
            present = await recorder.deliver_the_rest(podium)
    history = _after_fail_over(recorder.history, replicated, killed, early=max(0.0, offset))
    assert violations(history, present) == []
    assert any(op.answered == NEVER for op in recorder.history)
    done_since = {op.kind for op in history if op.called > resumed and op.sure}
    assert done_since >= {Kind.PUSH, Kind.DELIVERY, Kind.ACK}
    # Some leases bind the new primary too.
    leases = [op for op in history if op.kind is Kind.DELIVERY and op.answered < replicated]
    assert any(op.called + op.lease > resumed for op in leases)


def _after_fail_over(
    history: Sequence[Op], replicated: float, killed: float, *, early: float
) -> list[Op]:
    """What a fail-over leaves of a history.

    Args:
        history: All operations.
        replicated: What was answered before this moment stays; what came then may be lost.
        killed: When the primary died: times that end later may end early.
        early: By how many seconds.
    """

    def left_of(seconds: float, called: float) -> float:
        return max(seconds - early, min(seconds, killed - called))

    def kept(op: Op) -> Op:
        if op.called > killed:
            return op
        may_be_lost = op.done and op.answered >= replicated
        if op.kind is Kind.DELIVERY:
            return replace(op, lease=0.0 if may_be_lost else left_of(op.lease, op.called))
        answered = NEVER if may_be_lost else op.answered
        return replace(op, answered=answered, delay=left_of(op.delay, op.called))

    return [kept(op) for op in history]


async def _some_more(journal: IndexJournal) -> None:
    begun = len(journal.executions)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(journal.executions) < begun + EXECUTIONS:
            await asyncio.sleep(0.01)


async def _until_gone(podium: PodiumClient, workflow_id: str) -> float:
    while await podium.executions.get_workflow(workflow_id) is not None:
        await asyncio.sleep(0.02)
    return time.monotonic()


async def _until_delivered(podium: PodiumClient) -> float:
    messages = await podium.queues.poll_messages(QUEUE, count=1, timeout_ms=PATIENCE_MS)
    assert [(message.id, message.delivery_count) for message in messages] == [("m1", 2)]
    return time.monotonic()


@EACH_CLOCK
async def test_tokens_and_stamps_grow_and_nothing_ends_early_by_more_than_the_step(
    tmp_path: Path, offset: float
) -> None:
    early = max(0.0, offset) + SLACK
    journal = IndexJournal()
    kept = journal.new_execution()
    with behind_sentinel(tmp_path, offset) as world:
        store = world.store
        async with world.server.client() as podium:
            async with written_meanwhile(podium, journal, seed=1):
                await _some_more(journal)
            await kept.create(podium)
            await podium.executions.create_workflow(
                make_workflow("expiring", status=WorkflowStatus.COMPLETED)
            )
            await podium.queues.push(QUEUE, PushMessage(id="m1"))
            leased_at = time.monotonic()
            assert await podium.queues.poll_messages(
                QUEUE, count=1, unack_timeout_ms=LEASE_SECONDS * 1000
            )
            expires_from = time.monotonic()
            assert await podium.executions.remove_workflow_with_expiry(
                "expiring", ttl_seconds=TTL_SECONDS
            )
            token = store.last_token()
            world.kill_primary_once_replicated()
            await world.resumed()
            # It asserts that its stamp has grown.
            await kept.update_workflow(podium)
            assert store.last_token() > token
            waiting = asyncio.gather(_until_gone(podium, "expiring"), _until_delivered(podium))
            async with written_meanwhile(podium, journal, seed=2):
                gone_at, delivered_at = await waiting
            assert gone_at - expires_from >= TTL_SECONDS - early
            assert delivered_at - leased_at >= LEASE_SECONDS - early
            await soon_at_rest(podium, journal, store)
