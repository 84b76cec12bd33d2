"""Reads of a partition in several parts, on a scripted session: all of one version."""

from __future__ import annotations

from typing import Any

from podium_backends.cassandra.connection import Row
from podium_backends.cassandra.partition.read import read_partition
from podium_backends.cassandra.partition.rows import SLOT
from tests.backends.cassandra.scripted_session import ScriptedSession

MANY = frozenset((SLOT, f"0 step{number}") for number in range(300))


class Written:
    """A partition whose slots are taken by a write that comes between the two parts of the first read."""

    def __init__(self) -> None:
        self.version = 1
        self.parts = 0

    def read(self, cql: str, values: tuple[Any, ...]) -> list[Row]:
        if cql.startswith("SELECT DISTINCT"):
            return [(self.version, None, "w1")]
        found = [
            (self.version, None, SLOT, id_, None, b"t1") for id_ in dict.fromkeys(values[2::2])
        ]
        self.parts += 1
        if self.version == 1:
            self.version = 2
            return []
        return found


async def test_a_part_without_rows_is_of_the_same_version() -> None:
    """The part that was read first found free slots, and says nothing about its version."""
    written = Written()
    partition = await read_partition(ScriptedSession(written.read), "w1", MANY)
    assert partition.version == 2
    assert len(partition._found) == len(MANY)
    assert written.parts == 4
