"""Places of concurrency limits on Redis: Java's bucket and its set of tasks in progress, asked in one step."""

from __future__ import annotations

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.keys import Keys, require_key_part
from podium_backends.redis.script_files import clocked_script, script
from podium_core.ports import LimitPlaceTable

DEFAULT_PLACE_TTL_MS = 60_000

_TAKE = clocked_script("limits/places", "limits/take_place")
_ADD = clocked_script("limits/places", "limits/add_place")
_FREE = script("limits/free_place")


class RedisLimitPlaceTable:
    """Places that a Java Conductor may take at the same time.

    Podium never lets in more than the limit, whoever let the others in. Java may: its check isn't one step.
    """

    def __init__(
        self,
        link: Link,
        scripts: ClockedScripts,
        keys: Keys,
        *,
        place_ttl_ms: int = DEFAULT_PLACE_TTL_MS,
    ) -> None:
        self._link = link
        self._scripts = scripts
        self._keys = keys
        self._place_ttl_ms = place_ttl_ms

    async def hold_place(self, definition_name: str, task_id: str, *, in_progress: bool) -> None:
        await self._scripts.run(_ADD, self._names(definition_name), (task_id, int(in_progress)))

    async def free_place(self, definition_name: str, task_id: str) -> bool:
        return bool(await self._link.run(_FREE, self._names(definition_name), (task_id,)))

    async def take_place(self, definition_name: str, task_id: str, *, limit: int) -> bool:
        arguments = (task_id, limit, self._place_ttl_ms)
        return bool(await self._scripts.run(_TAKE, self._names(definition_name), arguments))

    def _names(self, definition_name: str) -> list[str]:
        require_key_part(definition_name, "task.task_def_name")
        return [self._keys.limit_places(definition_name), self._keys.in_progress(definition_name)]


_: type[LimitPlaceTable] = RedisLimitPlaceTable
