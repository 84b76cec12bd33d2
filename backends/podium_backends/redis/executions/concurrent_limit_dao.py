"""The ConcurrentExecutionLimitDAO on Redis: Java's bucket and its set of tasks in progress, asked in one step."""

from __future__ import annotations

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.keys import Keys, require_key_part
from podium_backends.redis.script_files import clocked_script, script
from podium_core.limits import concurrency_limit_for, place_of
from podium_core.models import Task, TaskStatus
from podium_core.ports import ConcurrentExecutionLimitDAO

DEFAULT_PLACE_TTL_MS = 60_000

_TAKE = clocked_script("limits/places", "limits/take_place")
_ADD = clocked_script("limits/places", "limits/add_place")
_FREE = script("limits/free_place")


class RedisConcurrentExecutionLimitDAO:
    """Concurrency limits that a Java Conductor may ask at the same time.

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

    async def add_task_to_limit(self, task: Task) -> None:
        names, task_id = self._place(task)
        in_progress = int(task.status is TaskStatus.IN_PROGRESS)
        await self._scripts.run(_ADD, names, (task_id, in_progress))

    async def remove_task_from_limit(self, task: Task) -> bool:
        names, task_id = self._place(task)
        return bool(await self._link.run(_FREE, names, (task_id,)))

    async def exceeds_limit(self, task: Task, *, limit: int | None = None) -> bool:
        names, task_id = self._place(task)
        places = concurrency_limit_for(task, limit)
        if places <= 0:
            return False
        arguments = (task_id, places, self._place_ttl_ms)
        return not await self._scripts.run(_TAKE, names, arguments)

    def _place(self, task: Task) -> tuple[list[str], str]:
        name, task_id = place_of(task)
        require_key_part(name, "task.task_def_name")
        return [self._keys.limit_places(name), self._keys.in_progress(name)], task_id


_: type[ConcurrentExecutionLimitDAO] = RedisConcurrentExecutionLimitDAO
