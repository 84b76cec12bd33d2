"""Scripts that go by Redis's clock, which a test can move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from podium_backends.redis.connection import Link, Script
from podium_backends.redis.connection.pipe import Argument
from podium_core.clock import Clock, system_clock_ms


class ClockedScripts:
    """Runs scripts of ``script_files``."""

    def __init__(self, link: Link, clock: Clock = system_clock_ms) -> None:
        """Takes another clock in tests: Redis's own is ahead of ours by as much as that one is."""
        self._link = link
        self._clock = clock

    def offset_ms(self) -> int:
        """What is added to Redis's time."""
        return 0 if self._clock is system_clock_ms else self._clock() - system_clock_ms()

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """What a script that may write returns; its first argument is the clock's offset."""
        return await self._link.run(script, keys, (self.offset_ms(), *arguments))
