"""Random queue operations over gRPC, with kills between them: the history shows nothing that it must not."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest

from podium_client.errors import TransportError
from tests.faults.queue_history import NEVER, Kind, Op, violations
from tests.faults.queue_recorder import Recorder
from tests.faults.server import KillableServer, running

CLIENTS = 6
OPERATIONS = 600
KILLS = 4
MANY_KILLS = 100


class TestChecker:
    """The checker itself: each thing that must not be is found."""

    PUSH = Op(Kind.PUSH, "m", 0, 1)
    DELIVERY = Op(Kind.DELIVERY, "m", 2, 3, lease=10)
    ACK = Op(Kind.ACK, "m", 4, 5)

    def test_an_ordinary_life_is_fine(self) -> None:
        assert violations([self.PUSH, self.DELIVERY, self.ACK], set()) == []
        assert violations([self.PUSH, self.DELIVERY], {"m"}) == []
        assert violations([self.PUSH], {"m"}) == []

    def test_a_lost_message_is_found(self) -> None:
        assert violations([self.PUSH], set())
        assert violations([self.PUSH, self.DELIVERY], set())

    def test_a_push_without_an_answer_may_have_happened_or_not(self) -> None:
        push = replace(self.PUSH, answered=NEVER)
        assert violations([push], set()) == []
        assert violations([push], {"m"}) == []
        assert violations([push, self.DELIVERY, self.ACK], set()) == []

    def test_a_message_from_nowhere_is_found(self) -> None:
        assert violations([self.DELIVERY, self.ACK], set())

    def test_a_delivery_after_the_ack_is_found(self) -> None:
        late = Op(Kind.DELIVERY, "m", 20, 21)
        assert violations([self.PUSH, self.DELIVERY, self.ACK, late], set())
        assert violations([self.PUSH, self.DELIVERY, self.ACK], {"m"})

    def test_a_delivery_after_an_ack_without_an_answer_is_fine(self) -> None:
        ack = replace(self.ACK, answered=NEVER)
        late = Op(Kind.DELIVERY, "m", 20, 21)
        assert violations([self.PUSH, self.DELIVERY, ack, late], set()) == []

    def test_a_push_after_the_ack_brings_it_back(self) -> None:
        again, late = Op(Kind.PUSH, "m", 6, 7), Op(Kind.DELIVERY, "m", 20, 21)
        assert violations([self.PUSH, self.DELIVERY, self.ACK, again, late], {"m"}) == []

    def test_a_second_holder_is_found(self) -> None:
        second = Op(Kind.DELIVERY, "m", 3, 11, lease=10)
        assert violations([self.PUSH, self.DELIVERY, second], {"m"})
        assert violations([self.PUSH, self.DELIVERY, replace(second, answered=12)], {"m"}) == []

    def test_a_second_holder_after_the_lease_was_ended_is_fine(self) -> None:
        second = Op(Kind.DELIVERY, "m", 7, 8)
        for answered in (6, NEVER):
            release = Op(Kind.RELEASE, "m", 4, answered)
            assert violations([self.PUSH, self.DELIVERY, release, second], {"m"}) == []
        refused = Op(Kind.RELEASE, "m", 4, 6, done=False)
        assert violations([self.PUSH, self.DELIVERY, refused, second], {"m"})

    def test_a_delivery_before_its_time_is_found(self) -> None:
        assert violations([replace(self.PUSH, delay=3.5), self.DELIVERY], {"m"})
        assert violations([replace(self.PUSH, delay=2.5), self.DELIVERY], {"m"}) == []

    def test_two_acks_of_one_push_are_found(self) -> None:
        assert violations([self.PUSH, self.DELIVERY, self.ACK, self.ACK], set())


async def _work_until_killed(server: KillableServer, recorder: Recorder) -> None:
    async with server.client() as podium:
        before = len(recorder.history)
        working = [asyncio.create_task(recorder.work(podium)) for _ in range(CLIENTS)]
        while len(recorder.history) - before < OPERATIONS:
            assert not any(task.done() for task in working), [
                task for task in working if task.done()
            ]
            await asyncio.sleep(0)
        server.kill()
        ends = await asyncio.gather(*working, return_exceptions=True)
    assert all(isinstance(end, TransportError) for end in ends), ends


async def _history(folder: Path, kills: int, seed: int) -> tuple[Recorder, set[str]]:
    """A history with kills, and the ids that are there in the end."""
    recorder = Recorder(seed)
    with running(folder) as server:
        for _ in range(kills):
            await _work_until_killed(server, recorder)
            await asyncio.to_thread(server.start)
        async with server.client(timeout_seconds=60) as podium:
            present = await recorder.deliver_the_rest(podium)
    return recorder, present


async def test_no_history_shows_what_must_not_be(tmp_path: Path) -> None:
    recorder, present = await _history(tmp_path, KILLS, seed=1)
    assert violations(recorder.history, present) == []
    kinds = {op.kind for op in recorder.history if op.answered < NEVER}
    assert kinds == set(Kind)
    assert any(op.answered == NEVER for op in recorder.history)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
async def test_no_long_history_shows_what_must_not_be(tmp_path: Path) -> None:
    recorder, present = await _history(tmp_path, MANY_KILLS, seed=random.randrange(2**32))
    assert violations(recorder.history, present) == []
