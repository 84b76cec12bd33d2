"""Rate limits on Redis: Java's sorted set of grants, each with a member of its own."""

from __future__ import annotations

import itertools
import secrets

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.keys import Keys, require_key_part
from podium_backends.redis.script_files import clocked_script
from podium_core.ports import RateGrantTable

_TAKE_GRANT = clocked_script("take_grant")


class RedisRateGrantTable:
    """Grants that a Java Conductor may take at the same time: its grants are bare milliseconds, and count."""

    def __init__(self, scripts: ClockedScripts, keys: Keys) -> None:
        self._scripts = scripts
        self._keys = keys
        self._process = secrets.token_hex(6)
        self._numbers = itertools.count()

    async def take_grant(self, definition_name: str, *, grants: int, window_ms: int) -> bool:
        require_key_part(definition_name, "task.task_def_name")
        # One grant of a millisecond isn't another's: Java counts those once.
        grant = f"{self._process}-{next(self._numbers)}"
        names = [self._keys.rate_grants(definition_name)]
        return not await self._scripts.run(_TAKE_GRANT, names, (grants, window_ms, grant))


_: type[RateGrantTable] = RedisRateGrantTable
