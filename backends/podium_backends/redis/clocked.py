"""Scripts that go by Redis's clock, in whose place a test puts one of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from podium_backends.redis.connection import Link, Script
from podium_backends.redis.connection.pipe import Argument
from podium_backends.redis.script_files import clocked_script
from podium_core.clock import Clock, system_clock_ms

_NOW = Script(clocked_script().text + "return now_ms()")


class ClockedScripts:
    """Runs scripts of ``script_files``. Their first argument is the time, or 0: they ask Redis."""

    def __init__(self, link: Link, clock: Clock = system_clock_ms) -> None:
        """Takes a clock of a test's; the system's stands for Redis's own."""
        self._link = link
        self._clock = None if clock is system_clock_ms else clock

    async def run(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Argument] = ()
    ) -> Any:
        """What a script that may write returns."""
        return await self._link.run(script, keys, (self._time(), *arguments))

    async def run_reading(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Argument] = ()
    ) -> Any:
        """What a script that changes nothing returns."""
        return await self._link.run_reading(script, keys, (self._time(), *arguments))

    async def now_ms(self) -> int:
        """What the clock of the scripts says."""
        return int(await self.run_reading(_NOW, ()))

    def _time(self) -> int:
        return 0 if self._clock is None else self._clock()
