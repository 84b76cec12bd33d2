"""Places of limits and the grants of them, on a scripted session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from podium_backends.cassandra.connection import Row, Write
from podium_backends.cassandra.limits.places import LimitPlaces, Place
from podium_backends.cassandra.partition.effects import PlaceChange
from tests.backends.cassandra.scripted_session import ScriptedSession

NOW_MS = 1_700_000_000_000
T1 = ("encode", "t1")
ENDS = [PlaceChange(*T1, None)]


class Limit:
    """The limit of one definition, in memory; the clock stands still."""

    def __init__(self) -> None:
        self.rows: dict[str, Place] = {}
        self.places = LimitPlaces(
            ScriptedSession(self._read, self._apply), lambda: NOW_MS, place_ttl_ms=60_000
        )

    def _read(self, cql: str, values: tuple[Any, ...]) -> list[Row]:
        if "task_id IN" in cql:
            return [(id_, *self.rows[id_]) for id_ in values[1] if id_ in self.rows]
        return [(1, id_, *place) for id_, place in self.rows.items()]

    def _apply(self, writes: Sequence[Write]) -> bool:
        for cql, values in writes[1:]:
            if cql.startswith("DELETE"):
                del self.rows[values[1]]
            else:
                self.rows[values[1]] = Place(*values[2:])
        return True


class TestALateRelease:
    """The task has left IN_PROGRESS; before its place is freed it is started again, within the same millisecond."""

    async def test_frees_the_place_that_was_seen(self) -> None:
        limit = Limit()
        await limit.places.occupy("w1", [PlaceChange(*T1, True)])
        await limit.places.release(ENDS, await limit.places.held([T1]))
        assert limit.rows == {}

    async def test_doesnt_free_that_of_a_task_that_asked_again(self) -> None:
        limit = Limit()
        await limit.places.occupy("w1", [PlaceChange(*T1, True)])
        seen = await limit.places.held([T1])
        assert await limit.places.take_place("encode", "t1", limit=1)
        await limit.places.release(ENDS, seen)
        assert not await limit.places.take_place("encode", "t2", limit=1)

    async def test_doesnt_free_that_of_a_task_that_runs_again(self) -> None:
        limit = Limit()
        await limit.places.occupy("w1", [PlaceChange(*T1, True)])
        seen = await limit.places.held([T1])
        await limit.places.occupy("w1", [PlaceChange(*T1, False)])
        await limit.places.release(ENDS, seen)
        assert set(limit.rows) == {"t1"}

    async def test_doesnt_free_that_of_a_task_that_hasnt_started(self) -> None:
        limit = Limit()
        assert await limit.places.take_place("encode", "t1", limit=1)
        seen = await limit.places.held([T1])
        assert await limit.places.take_place("encode", "t1", limit=1)
        await limit.places.release(ENDS, seen)
        assert set(limit.rows) == {"t1"}
