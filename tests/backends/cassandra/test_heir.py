"""What an heir takes into memory, on a scripted session: nothing is dropped before it is known elsewhere."""

from __future__ import annotations

from typing import Any

from podium_backends.cassandra.connection import Row
from podium_backends.cassandra.outbox.heir import Heir
from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.partition.rows import StoredEntry
from podium_backends.cassandra.rounds.due import DueHints
from podium_backends.cassandra.rounds.log import WINDOWS, Log
from podium_backends.cassandra.rounds.waiting import WaitingEntries
from podium_backends.cassandra.rounds.windows import DUE_WINDOW_MS, LOG_WINDOW_MS, log_window
from podium_backends.cassandra.rounds.writes import PartitionWrites
from podium_core.outbox import KIND_PAYLOAD, KIND_PUSH
from tests.backends.cassandra.scripted_session import ScriptedSession
from tests.backends.cassandra.test_writes import Places

NOW_MS = 1_700_000_000_000
HOUR_MS = 3_600_000


class Inherited:
    """A log that nobody holds, with a hint at w1, which has an entry that is due then; and an heir."""

    def __init__(
        self,
        *,
        due_ms: int = 0,
        kind: str = KIND_PUSH,
        hint_ms: int = NOW_MS,
        began_ms: int = NOW_MS,
    ) -> None:
        self._row_id = f"{kind}\x00m1"
        self._entry = rows.encode(StoredEntry(token=5, since_ms=NOW_MS, due_ms=due_ms))
        self._hint_window = log_window(hint_ms)
        self._first_window = log_window(began_ms)
        self.session = ScriptedSession(self._read)
        self.waiting = WaitingEntries()
        self.log = Log(self.session, lambda: NOW_MS)
        due = DueHints(self.session)
        writes = PartitionWrites(
            self.session, lambda: NOW_MS, self.log, due, self.waiting, Places()
        )
        self.heir = Heir(self.session, writes, self.waiting, due, self.log, lambda: NOW_MS)

    def _read(self, cql: str, values: tuple[Any, ...]) -> list[Row]:
        if cql.startswith("SELECT owner"):
            return [("the dead", self._first_window, None)]
        if cql.startswith("SELECT workflow_id FROM log"):
            return [("w1",)] if values[1] == self._hint_window else []
        if cql.startswith("SELECT workflow_id FROM due"):
            return [("w1",)]
        if cql.startswith("SELECT window"):
            return [(NOW_MS // DUE_WINDOW_MS,)]
        if cql.startswith("SELECT id, value"):
            return [(self._row_id, self._entry)]
        return []

    @property
    def waits(self) -> bool:
        return self.waiting.has_of("w1")


class TestALogOfTheDead:
    async def test_is_dropped_after_the_version_was_raised_and_the_own_hint_stands(self) -> None:
        inherited = Inherited()
        await inherited.heir.inherit()
        at = inherited.session.position
        assert inherited.waits
        assert at("UPDATE executions") < at("SELECT id, value") < at("INSERT INTO log ")
        assert at("INSERT INTO log ") < at("DELETE FROM log ")

    async def test_by_a_clock_ahead_or_set_back(self) -> None:
        """Its windows may not have come yet, or be long over: the log says which they are."""
        for began_ms in (NOW_MS + HOUR_MS, NOW_MS - HOUR_MS):
            for windows in range(WINDOWS):
                hint_ms = began_ms + windows * LOG_WINDOW_MS
                inherited = Inherited(hint_ms=hint_ms, began_ms=began_ms)
                await inherited.heir.inherit()
                assert inherited.waits

    async def test_an_entry_whose_window_another_clock_has_reached_is_kept(self) -> None:
        inherited = Inherited(due_ms=NOW_MS + 40 * 60_000)
        await inherited.heir.inherit()
        assert inherited.waits

    async def test_one_that_would_wait_too_long_is_due_now(self) -> None:
        """Its writer's clock was ahead: no push waits for hours on purpose."""
        inherited = Inherited(due_ms=NOW_MS + 2 * HOUR_MS)
        await inherited.heir.inherit()
        assert inherited.waiting.next_due_ms([KIND_PUSH]) == 0

    async def test_one_that_is_due_much_later_isnt(self) -> None:
        inherited = Inherited(due_ms=NOW_MS + 2 * HOUR_MS, kind=KIND_PAYLOAD)
        await inherited.heir.inherit()
        assert not inherited.waits
        assert not inherited.log.has_hint("w1")

    async def test_one_that_was_written_meanwhile_stays(self) -> None:
        """The read found it due much later; it was written again before the answer came."""
        inherited = Inherited(due_ms=NOW_MS + 2 * HOUR_MS)
        newer = StoredEntry(token=6, since_ms=NOW_MS)
        inherited.waiting.written("w1", [("push\x00m1", newer)])
        await inherited.heir.inherit()
        assert inherited.waits


class TestAWindow:
    async def test_is_dropped_after_the_own_hint_stands(self) -> None:
        inherited = Inherited()
        await inherited.heir.read_due([0], NOW_MS)
        at = inherited.session.position
        assert inherited.waits
        assert at("SELECT id, value") < at("INSERT INTO log ") < at("DELETE FROM due ")

    async def test_needs_a_log_that_is_still_its_own(self) -> None:
        """The hint of an older write stands in a log that another server may have taken over."""
        inherited = Inherited()
        await inherited.log.hint("w1")
        inherited.log._held_until = 0.0
        inherited.session.sent.clear()
        await inherited.heir.read_due([0], NOW_MS)
        at = inherited.session.position
        assert inherited.log.is_ours
        assert at("UPDATE logs") < at("DELETE FROM due ")
