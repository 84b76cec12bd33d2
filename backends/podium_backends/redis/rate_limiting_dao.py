"""The RateLimitingDAO on Redis: Java's sorted set of grants, each with a member of its own."""

from __future__ import annotations

import itertools
import secrets

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.keys import Keys, require_key_part
from podium_backends.redis.script_files import clocked_script
from podium_core.limits import definition_limited_by
from podium_core.models import Task
from podium_core.ports import RateLimitingDAO

_TAKE_GRANT = clocked_script("take_grant")
_MS = 1_000


class RedisRateLimitingDAO:
    """Rate limits that a Java Conductor may ask at the same time: its grants are bare milliseconds, and count."""

    def __init__(self, scripts: ClockedScripts, keys: Keys) -> None:
        self._scripts = scripts
        self._keys = keys
        self._process = secrets.token_hex(6)
        self._numbers = itertools.count()

    async def exceeds_rate_limit_per_frequency(
        self,
        task: Task,
        *,
        rate_limit_per_frequency: int | None = None,
        rate_limit_frequency_seconds: int | None = None,
    ) -> bool:
        name = require_key_part(definition_limited_by(task), "task.task_def_name")
        grants, seconds = rate_limit_per_frequency, rate_limit_frequency_seconds
        grants = task.rate_limit_per_frequency if grants is None else grants
        seconds = task.rate_limit_frequency_in_seconds if seconds is None else seconds
        if grants <= 0 or seconds <= 0:
            return False
        # One grant of a millisecond isn't another's: Java counts those once.
        grant = f"{self._process}-{next(self._numbers)}"
        arguments = (grants, seconds * _MS, grant)
        return bool(await self._scripts.run(_TAKE_GRANT, [self._keys.rate_grants(name)], arguments))


_: type[RateLimitingDAO] = RedisRateLimitingDAO
