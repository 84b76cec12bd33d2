"""A process's log: hints at the workflows that it writes to, so that an heir finds what it leaves undone.

A hint stands before the batch that it is for, and goes once nothing of its workflow waits in this process any more.
A log has hints in a few windows from its first one on. So an heir finds them whatever its clock shows; where the clock of
the process leaves these windows, a new log begins.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable

from podium_backends.cassandra.connection import Session, Write
from podium_backends.cassandra.rounds.windows import log_window
from podium_core.clock import Clock

LEASE_SECONDS = 15
# A batch is not sent in the last part of a lease: it needs time to arrive.
SAFE_SECONDS = LEASE_SECONDS / 2
PART = 0
WINDOWS = 3

_HINT = "INSERT INTO log (owner, window, workflow_id) VALUES (?, ?, ?)"
_DROP_WINDOW = "DELETE FROM log WHERE owner = ? AND window = ?"
_BEGIN = "INSERT INTO logs (part, owner, first_window) VALUES (?, ?, ?)"
_TAKE = "UPDATE logs USING TTL ? SET holder = ? WHERE part = ? AND owner = ? IF holder = ?"
_SET_FIRST = "UPDATE logs SET first_window = ? WHERE part = ? AND owner = ?"
_END = "DELETE FROM logs WHERE part = ? AND owner = ?"


class Log:
    """The log of this process: under a new name whenever an heir may have taken the old one."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._id = uuid.uuid4().hex
        self._names = 0
        self._renewing = asyncio.Lock()
        self._owner = ""
        self._held_until = 0.0
        self._first_window = 0
        # The workflows that have a hint, by window.
        self._hints: dict[int, set[str]] = {}

    @property
    def owner(self) -> str:
        """Its name; empty before the first write."""
        return self._owner

    @property
    def is_ours(self) -> bool:
        """Whether no heir can have taken it, by a clock that nobody sets."""
        return time.monotonic() < self._held_until

    def has_hint(self, workflow_id: str) -> bool:
        """Whether a hint stands at a workflow in the window of now."""
        return workflow_id in self._hints.get(log_window(self._clock()), ())

    async def hint(self, workflow_id: str) -> None:
        """Write a hint, in a log that is ours. Raises as ``Session.write``."""
        if not self.is_ours or not self._is_inside():
            await self.renew()
        owner, window = self._owner, log_window(self._clock())
        await self._session.write(_HINT, owner, window, workflow_id)
        if owner == self._owner:
            self._hints.setdefault(window, set()).add(workflow_id)

    async def hold_hint(self, workflow_id: str) -> None:
        """See to it that a hint stands in a log that is ours now. Raises as ``Session.write``."""
        while not (self.is_ours and self.has_hint(workflow_id)):
            await self.hint(workflow_id)

    async def renew(self) -> None:
        """Hold the log for another lease; where it may be another's by now, begin a new one. Raises as ``Session.write``."""
        async with self._renewing:
            began = time.monotonic()
            if self._is_inside() and await self._take(self._owner, self._id):
                self._held_until = began + SAFE_SECONDS
                return
            self._names += 1
            owner, window = f"{self._id}-{self._names}", log_window(self._clock())
            await self._session.write(_BEGIN, PART, owner, window)
            if await self._take(owner, None):
                self._hints.clear()
                self._owner, self._held_until = owner, began + SAFE_SECONDS
                self._first_window = window

    def _is_inside(self) -> bool:
        """Whether this log may have hints of now."""
        since = log_window(self._clock()) - self._first_window
        return bool(self._owner) and 0 <= since < WINDOWS

    async def _take(self, owner: str, before: str | None) -> bool:
        return await take_log(self._session, owner, self._id, before)

    async def take_over(self, owner: str) -> bool:
        """Hold the log of a process that died, for its reading. Raises as ``Session.write``."""
        return await self._take(owner, None)

    async def drop_old_windows(self, is_needed: Callable[[str], bool]) -> None:
        """Delete the windows before this one; what still needs its hint gets one in this window first."""
        owner, now = self._owner, log_window(self._clock())
        for window in [window for window in self._hints if window < now]:
            for workflow_id in [id_ for id_ in self._hints.get(window, ()) if is_needed(id_)]:
                if not self.has_hint(workflow_id):
                    await self.hint(workflow_id)
            if owner != self._owner:
                # A new log has begun, and an heir reads this one.
                return
            await drop_window(self._session, owner, window)
            self._hints.pop(window, None)
        if owner == self._owner and self._first_window < now:
            await self._session.write(_SET_FIRST, now, PART, owner)
            self._first_window = max(self._first_window, now)

    async def end(self, is_needed: Callable[[str], bool]) -> None:
        """Give the log up: where something is left undone an heir takes it at once. Raises as ``Session.write``."""
        if not self._owner:
            return
        self._held_until = 0.0
        for window, hints in self._hints.items():
            if not any(map(is_needed, hints)):
                await drop_window(self._session, self._owner, window)
        if any(is_needed(id_) for hints in self._hints.values() for id_ in hints):
            await release_log(self._session, self._owner, self._id)
        else:
            await end_log(self._session, self._owner)


async def take_log(session: Session, owner: str, holder: str, before: str | None) -> bool:
    """Hold a log that was held by ``before`` (None: by nobody); whether it is held now."""
    return await session.apply([Write(_TAKE, (LEASE_SECONDS, holder, PART, owner, before))])


async def release_log(session: Session, owner: str, holder: str) -> None:
    """Let anybody take a log."""
    await session.apply([Write(_TAKE, (0, None, PART, owner, holder))])


async def end_log(session: Session, owner: str) -> None:
    """A log is empty."""
    await session.write(_END, PART, owner)


async def drop_window(session: Session, owner: str, window: int) -> None:
    """Delete the hints of a window."""
    await session.write(_DROP_WINDOW, owner, window)
