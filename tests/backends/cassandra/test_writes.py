"""Rounds of writes to a partition, on a scripted session: what jobs share, and what a batch with an unknown outcome did."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from podium_backends.cassandra.connection import Row, Write
from podium_backends.cassandra.partition.effects import PlaceChange
from podium_backends.cassandra.partition.jobs import Decided, Job
from podium_backends.cassandra.partition.partition import VERSION_TTL_SECONDS, Partition
from podium_backends.cassandra.partition.rows import THE_WORKFLOW, StoredEntry
from podium_backends.cassandra.rounds.due import DueHints
from podium_backends.cassandra.rounds.log import Log
from podium_backends.cassandra.rounds.waiting import WaitingEntries
from podium_backends.cassandra.rounds.writes import PartitionWrites
from podium_core.clock import system_clock_ms
from podium_core.errors import NotFoundError, OutcomeUnknownError
from tests.backends.cassandra.scripted_session import ScriptedSession

VERSION = 7
AHEAD = 9_000_000_000_000_000  # a version that was written by a clock that is centuries ahead


class Places:
    """Every task that is asked for holds a place; keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def held(self, asked: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Any]:
        return {one: "a grant" for one in asked}

    async def occupy(self, workflow_id: str, changes: Sequence[PlaceChange]) -> None:
        self.told += [f"{one.task_id} runs" for one in changes if one.certain is not None]

    async def release(
        self, changes: Sequence[PlaceChange], seen: Mapping[tuple[str, str], Any]
    ) -> None:
        self.told += [
            f"{one.task_id} runs no more: {seen[one.place]}"
            for one in changes
            if one.certain is None
        ]


class Put(Job[str]):
    """Writes an entry, and may change a place."""

    wanted = frozenset({THE_WORKFLOW})

    def __init__(self, name: str, *places: PlaceChange) -> None:
        self._name = name
        self._places = places

    def decide(self, partition: Partition, *, now_ms: int) -> Decided[str]:
        del now_ms
        partition.put_entry("push", self._name, StoredEntry(token=0, since_ms=0))
        return Decided(self._name, (), self._places)


class Refused(Job[str]):
    """Is refused."""

    def decide(self, partition: Partition, *, now_ms: int) -> Decided[str]:
        raise NotFoundError("task", "t1")


def is_of_partition(writes: Sequence[Write]) -> bool:
    return writes[0].cql.startswith("UPDATE executions")


class Rounds:
    """Rounds on a partition with this version, whose batches are answered by ``answer``."""

    def __init__(
        self,
        version: int = VERSION,
        answer: Callable[[Rounds, Sequence[Write]], bool] | None = None,
    ) -> None:
        self.version = version
        self.ttl: int | None = None
        self._answer = answer or Rounds.write
        self.session = ScriptedSession(self._read, self._apply)
        self.places = Places()
        self.writes = PartitionWrites(
            self.session,
            system_clock_ms,
            Log(self.session, system_clock_ms),
            DueHints(self.session),
            WaitingEntries(),
            self.places,
        )

    def write(self, writes: Sequence[Write]) -> bool:
        """A batch takes effect, if the version is the one that it expects."""
        _, token, _, expected = writes[0].values
        if expected != self.version:
            return False
        self.version = token
        return True

    def _read(self, cql: str, values: tuple[Any, ...]) -> list[Row]:
        if cql.startswith("SELECT DISTINCT version, TTL"):
            return [(self.version, self.ttl, "w1")]
        if cql.startswith("SELECT DISTINCT version"):
            return [(self.version, None, "w1")]
        return []

    def _apply(self, writes: Sequence[Write]) -> bool:
        return self._answer(self, writes) if is_of_partition(writes) else True

    @property
    def batches(self) -> list[Sequence[Write]]:
        return [writes for writes in self.session.batches if is_of_partition(writes)]

    async def run(self, *jobs: Job[str]) -> list[Any]:
        answers = await asyncio.gather(
            *(self.writes.run("w1", job) for job in jobs), return_exceptions=True
        )
        await self.writes.close()
        return list(answers)


def runs(task_id: str) -> PlaceChange:
    return PlaceChange("encode", task_id, True)


def runs_no_more(task_id: str) -> PlaceChange:
    return PlaceChange("encode", task_id, None)


class TestJobsThatShareARound:
    async def test_a_refused_one_takes_no_other_along(self) -> None:
        rounds = Rounds()
        first, refused, last = await rounds.run(Put("a"), Refused(), Put("b"))
        assert (first.value, last.value) == ("a", "b")
        assert isinstance(refused, NotFoundError)
        ids = [write.values[2] for write in rounds.batches[-1][1:]]
        assert ids == ["push\x00a", "push\x00b"]

    async def test_a_hint_stands_before_the_batch(self) -> None:
        rounds = Rounds()
        await rounds.run(Put("a"))
        sent = rounds.session
        assert sent.position("INSERT INTO log ") < sent.position("UPDATE executions")

    async def test_a_place_follows_the_last_job(self) -> None:
        """A task that ends and starts again in one round keeps its place."""
        rounds = Rounds()
        await rounds.run(Put("a", runs_no_more("t1")), Put("b", runs("t1")))
        assert set(rounds.places.told) == {"t1 runs"}

    async def test_a_release_names_the_grant_that_was_seen(self) -> None:
        rounds = Rounds()
        await rounds.run(Put("a", runs("t1")), Put("b", runs_no_more("t1")))
        assert rounds.places.told == ["t1 runs no more: a grant"]


class TestUnknownOutcome:
    """The batch was sent, and nobody answered."""

    @staticmethod
    def lost(rounds: Rounds, writes: Sequence[Write]) -> bool:
        """The first batch gets lost."""
        if len(rounds.batches) == 2:  # the one before found the version out
            raise OutcomeUnknownError("main", "timed out")
        return rounds.write(writes)

    @staticmethod
    def unheard(rounds: Rounds, writes: Sequence[Write]) -> bool:
        """It is written, and the answer gets lost."""
        written = rounds.write(writes)
        if written and len(rounds.batches) == 2:
            raise OutcomeUnknownError("main", "timed out")
        return written

    @staticmethod
    def overtaken(rounds: Rounds, writes: Sequence[Write]) -> bool:
        """It gets lost, and another process writes with the next version, by a clock that is behind too."""
        if len(rounds.batches) == 2:
            rounds.version += 1
            raise OutcomeUnknownError("main", "timed out")
        return rounds.write(writes)

    async def test_one_that_was_lost_is_written_again(self) -> None:
        rounds = Rounds(answer=self.lost)
        (answer,) = await rounds.run(Put("a"))
        assert answer.token == rounds.version
        assert answer.token > rounds.batches[2][0].values[1]  # the version was raised between

    async def test_one_that_was_written_is_answered(self) -> None:
        rounds = Rounds(answer=self.unheard)
        (answer,) = await rounds.run(Put("a"))
        assert answer.token == rounds.version
        assert len(rounds.batches) == 2

    async def test_by_another_version_nobody_knows(self) -> None:
        rounds = Rounds(answer=self.overtaken)
        (answer,) = await rounds.run(Put("a"))
        assert isinstance(answer, OutcomeUnknownError)
        assert rounds.writes.unsettled == {"w1"}

    @pytest.mark.parametrize("attempt", range(5))
    async def test_clocks_behind_give_no_two_writes_one_token(self, attempt: int) -> None:
        """The next version of two processes that are behind it differs, so neither takes the other's write for its own."""
        del attempt
        rounds = Rounds(version=AHEAD, answer=self.overtaken)
        (answer,) = await rounds.run(Put("a"))
        assert isinstance(answer, OutcomeUnknownError)


@pytest.mark.parametrize(("ttl", "kept"), [(None, 0), (50, VERSION_TTL_SECONDS)])
async def test_a_version_that_is_raised_goes_by_itself_if_it_did_before(
    ttl: int | None, kept: int
) -> None:
    """A hint may name a workflow that is gone: its version has a time to live."""
    rounds = Rounds()
    rounds.ttl = ttl
    await rounds.writes.raise_version("w1")
    assert rounds.batches[0][0].values[0] == kept
