"""What a test and a server program of the tests share while the server runs: a few numbers in a mapped file."""

from __future__ import annotations

import mmap
from enum import IntEnum
from pathlib import Path
from typing import Self

_SIZE = 8


class Failpoint(IntEnum):
    """Places at which a server can be made to die or to stop."""

    NONE = 0
    BEFORE_COMMIT = 1
    """Of a group of writes, to the records or to the index; on Redis before the script of a write leaves."""
    BEFORE_ANSWER = 2
    """After the COMMIT of such a group; on Redis after the script has left, and before its reply."""
    BEFORE_DRAIN = 3
    """The drainer has found marks of the index."""
    BEFORE_INDEX = 4
    """A write of IndexService is in the outbox."""
    BEFORE_DEADLINE = 5
    """The indexer has read documents, and hasn't yet asked how long that took."""
    BEFORE_SEND = 6
    """The indexer, or an archive, is about to send what it has read."""
    AFTER_SEND = 7
    """The index has it, and its marks are still there."""
    BEFORE_TURN = 8
    """The archive is in the index, and the removal record doesn't say so yet."""
    BEFORE_DELETION = 9
    """The mark knows, and the documents are still there."""
    BETWEEN_STEPS = 10
    """A removal has carried out one of its steps."""
    BEFORE_FINISH = 11
    """The drainer has carried entries out, and they are still there."""
    AFTER_FINISH = 12
    """They are gone."""
    AFTER_READ = 13
    """On Cassandra: a round has read the rows that it goes by, and hasn't written anything but what comes before."""
    ANNOUNCED = 14
    """On Cassandra: hints and candidates are there, the batch is about to leave."""
    BATCH_SENT = 15
    """On Cassandra: the batch has left, and there is no answer yet."""
    BATCH_LANDED = 16
    """On Cassandra: the batch was applied, and nobody was told."""
    AFTER_LEAVE = 17
    """On Cassandra: records are out of the sets that they left."""
    AFTER_DELIVERY = 18
    """A message is in its queue, and its intent still in the outbox."""
    HINTS_DROPPED = 19
    """On Cassandra: hints of an older window are gone."""


class _Number:
    def __set_name__(self, owner: type[Switches], name: str) -> None:
        self._at = len(owner.names)
        owner.names.append(name)

    def __get__(self, switches: Switches, owner: type[Switches]) -> int:
        return switches.numbers[self._at]

    def __set__(self, switches: Switches, value: int) -> None:
        switches.numbers[self._at] = value


class Switches:
    """Numbers that both sides read and write, each at any time.

    Attributes:
        clock_offset_ms: By how much the server's clock is wrong.
        failpoint: The one that is armed.
        passes: So often it is passed, the last time being that at which the server dies.
        stops: It doesn't die there, it stops (SIGSTOP), once.
        index_away: The index can't be reached.
    """

    names: list[str] = []  # noqa: RUF012 (filled while the class is made)

    clock_offset_ms = _Number()
    failpoint = _Number()
    passes = _Number()
    stops = _Number()
    index_away = _Number()

    def __init__(self, path: Path) -> None:
        """Maps the file, and makes it if it isn't there."""
        size = len(self.names) * _SIZE
        if not path.exists():
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), size)
        self.numbers = memoryview(self._mapped).cast("q")

    def arm(self, failpoint: Failpoint, passes: int = 1, *, stops: bool = False) -> None:
        """Let the server die, or stop, when it passes there for the n-th time from now on."""
        self.passes, self.stops = passes, stops
        # Last: the server looks at this one first.
        self.failpoint = failpoint

    def disarm(self) -> None:
        """Let it live."""
        self.failpoint = Failpoint.NONE

    def passed(self, failpoint: Failpoint) -> bool:
        """Count a pass; whether it was the last one."""
        if self.failpoint != failpoint:
            return False
        self.passes -= 1
        if self.passes > 0:
            return False
        self.disarm()
        return True

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.numbers.release()
        self._mapped.close()
