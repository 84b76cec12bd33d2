"""Members of sets without a document: reads pass them over, and take those out that have been missing for a while.

Java adds a task to its sets before it writes the document, so one that is missing may only be on its way. And a Java that
stopped in between, or an expiry that covers documents only, leaves members for good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from podium_backends.redis.connection import Link
from podium_backends.redis.executions.store_clock import StoreClock
from podium_backends.redis.script_files import script

_REMOVE = script("executions/remove_missing")

# A member is taken out if its document was missing this long ago, too.
MISSING_MS = 60_000
# What was seen longer ago says nothing of a member that may have come and gone since.
FORGET_MS = 60 * 60 * 1000
# How many members are remembered; those that are too many are so until others are taken out.
MOST_MEMBERS = 10_000
_BATCH = 1_000


class MissingMembers:
    """Remembers, for one process, which members it has seen without a document, and when first."""

    def __init__(self, link: Link, clock: StoreClock) -> None:
        self._link = link
        self._clock = clock
        # By set and member, the oldest first.
        self._first_seen: dict[tuple[str, str], int] = {}

    async def saw(
        self, sets: Sequence[str], members: Sequence[str], document_key: Callable[[str], str]
    ) -> None:
        """Note that members of sets have no document; take those out that had none a minute ago.

        Args:
            sets: The keys of the sets that hold all of these members.
            members: Those without a document.
            document_key: The key of a member's document.
        """
        for key in sets:
            lasting = self._lasting(key, members)
            for at in range(0, len(lasting), _BATCH):
                part = lasting[at : at + _BATCH]
                documents = [document_key(member) for member in part]
                # It may run twice, as a read may: what is missing is looked at each time.
                await self._link.run_reading(_REMOVE, [key, *documents], part)
                for member in part:
                    self._first_seen.pop((key, member), None)

    def _lasting(self, key: str, members: Sequence[str]) -> list[str]:
        now_ms = self._clock.now_ms()
        return [member for member in members if self._lasts((key, member), now_ms)]

    def _lasts(self, member: tuple[str, str], now_ms: int) -> bool:
        age_ms = now_ms - self._first_seen.get(member, now_ms)
        if MISSING_MS <= age_ms <= FORGET_MS:
            return True
        # Also where the clock was set back: what stands there would be in the future.
        if age_ms < 0 or age_ms > FORGET_MS or member not in self._first_seen:
            self._first_seen.pop(member, None)
            self._remember(member, now_ms)
        return False

    def _remember(self, member: tuple[str, str], now_ms: int) -> None:
        seen = self._first_seen
        while len(seen) >= MOST_MEMBERS:
            oldest = next(iter(seen))
            if now_ms - seen[oldest] <= FORGET_MS:
                return
            del seen[oldest]
        seen[member] = now_ms
