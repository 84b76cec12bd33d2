"""A queue that somebody waits for: register first, then look. Nobody polls the store in between."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice

from podium_core.ports.queue_table import Take
from podium_core.queues.poll import Poll
from podium_core.queues.takes import Takes

# So many polls share a trip to the store.
MAX_POLLS = 100
# Due times go by the store's clock, which may be set: look again after a while at the latest.
_MAX_TIMER_SECONDS = 60.0
_MIN_TIMER_SECONDS = 0.001


class WaitingQueue:
    """The polls that wait for messages of one queue, served in order of arrival by one task."""

    def __init__(self, name: str, takes: Takes, end: Callable[[str], None]) -> None:
        """Takes the queue's name, what takes its messages, and what to call when nobody waits any more."""
        self.name = name
        self._takes = takes
        self._end = end
        self._waiting: OrderedDict[Poll, None] = OrderedDict()
        self._taking: frozenset[Poll] = frozenset()
        self._turn_taken = False
        self._changed = False
        self._sleep: asyncio.Future[None] | None = None
        self._look_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    # polls

    def enter(self, poll: Poll, *, first: bool = False) -> None:
        """A poll begins to wait; ``first`` if it had its turn and got nothing."""
        self._waiting[poll] = None
        if first:
            self._waiting.move_to_end(poll, last=False)

    def expire(self, poll: Poll) -> None:
        """A poll's time is over."""
        poll.expired = True
        if poll not in self._taking:
            poll.finish([])
            self.leave(poll)

    def expire_all(self) -> None:
        """Nobody may wait any more."""
        for poll in list(self._waiting):
            self.expire(poll)

    def leave(self, poll: Poll) -> None:
        """A poll waits no more."""
        self._waiting.pop(poll, None)
        if not self._waiting:
            self._wake()

    def end_turn(self) -> None:
        """A poll that took its messages by itself is done."""
        self._turn_taken = False
        self.change()

    # what may make a message ready

    def change(self) -> None:
        """A message may be ready sooner than before."""
        self._changed = True
        self._wake()

    def look_in(self, delay_ms: int) -> None:
        """A message may be ready in so many milliseconds."""
        seconds = min(max(delay_ms / 1000, _MIN_TIMER_SECONDS), _MAX_TIMER_SECONDS)
        look_at = asyncio.get_running_loop().time() + seconds
        if not self._look_at or look_at < self._look_at:
            self._look_at = look_at
            if self._sleep is not None:
                self._set_timer()

    # serving

    async def serve(self) -> None:
        """Serve those who wait, until nobody does."""
        unsubscribe: Callable[[], None] | None = None
        try:
            unsubscribe = await self._takes.table.subscribe(self.name, self.change)
            while self._waiting:
                self._changed, self._look_at = False, 0.0
                if not await self._serve_some():
                    await self._wait_for_change()
        except Exception as error:  # on any error: no caller may be left waiting
            for poll in self._waiting:
                poll.fail(error)
        finally:
            # A poll that comes from now on makes a new one of these.
            self._end(self.name)
            if unsubscribe is not None:
                unsubscribe()

    async def _serve_some(self) -> bool:
        """One take; says whether another may find more at once."""
        if self._turn_taken:
            return False
        if self._takes.room.has_large(self.name):
            return await self._give_turn()
        polls = list(islice(self._waiting, MAX_POLLS))
        self._taking = frozenset(polls)
        take = await self._takes.serve(self.name, polls)
        self._taking = frozenset()
        self._remove_done(polls)
        if take is None:
            return True
        if take.no_room:
            self._pass_turn()
            return False
        left = sum(1 for messages in take.messages if not messages)
        if left:
            self._look_when_due(take)
        return not left

    async def _give_turn(self) -> bool:
        """Large messages: one poll at a time takes them by itself, in turn with the answers of other calls."""
        take = await self._takes.look(self.name)
        if take.ready:
            self._pass_turn()
        else:
            self._look_when_due(take)
        return False

    def _pass_turn(self) -> None:
        while self._waiting:
            poll, _ = self._waiting.popitem(last=False)
            if poll.finish(None):
                poll.has_turn = True
                self._turn_taken = True
                return

    def _remove_done(self, polls: list[Poll]) -> None:
        for poll in polls:
            if poll.expired:
                poll.finish([])
            if poll.done:
                self._waiting.pop(poll, None)

    def _look_when_due(self, take: Take) -> None:
        if take.next_due_ms is not None:
            self.look_in(take.next_due_ms - take.now_ms)

    # sleeping

    async def _wait_for_change(self) -> None:
        if self._changed or not self._waiting:
            return
        self._sleep = asyncio.get_running_loop().create_future()
        self._set_timer()
        try:
            await self._sleep
        finally:
            self._sleep = None
            self._set_timer()

    def _wake(self) -> None:
        if self._sleep is not None and not self._sleep.done():
            self._sleep.set_result(None)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sleep is not None and self._look_at:
            self._timer = asyncio.get_running_loop().call_at(self._look_at, self._wake)
