"""The places of concurrency limits: a row for each, in the partition of its task definition.

A place belongs to a task. Held and not used it lapses; while the task is IN_PROGRESS it doesn't. A place that a document
stands for is taken before that document is written and freed after it; where a process died in between, the next one who
finds no place left looks at the documents, and frees the places of tasks that run no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from podium_backends.cassandra.connection import Session, Write
from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.partition.effects import PlaceChange
from podium_backends.cassandra.timestamps import token_after
from podium_core.clock import Clock
from podium_core.errors import OverloadedError
from podium_core.models import TaskStatus
from podium_core.ports import LimitPlaceTable

T = TypeVar("T")

_MAX_TRIES = 50
_RETRY_AFTER_MS = 50
# A place is taken before the write that it is for: what is younger isn't doubted.
_SETTLED_MS = 60_000

_ALL = (
    "SELECT version, task_id, workflow_id, in_progress, expires_ms FROM limits WHERE definition = ?"
)
_VERSION = "SELECT DISTINCT version, definition FROM limits WHERE definition = ?"
_HELD = (
    "SELECT task_id, workflow_id, in_progress, expires_ms FROM limits"
    " WHERE definition = ? AND task_id IN ?"
)
_SET_VERSION = "UPDATE limits SET version = ? WHERE definition = ? IF version = ?"
_PUT = "INSERT INTO limits (definition, task_id, workflow_id, in_progress, expires_ms) VALUES (?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM limits WHERE definition = ? AND task_id = ?"
_FACTS = "SELECT facts FROM executions WHERE workflow_id = ? AND kind = 1 AND id = ?"


class Place(NamedTuple):
    """A task's place, as it was granted: no two grants of a task are equal.

    Attributes:
        workflow_id: Whose document stands for it; empty: nobody's.
        expires_ms: Until when it is held; of one in progress, since when.
    """

    workflow_id: str
    in_progress: bool
    expires_ms: int

    def holds(self, now_ms: int) -> bool:
        """Whether it hasn't lapsed."""
        return self.in_progress or self.expires_ms > now_ms


PlacesByTask = dict[str, Place]
# A definition, and a task of it.
PlaceKey = tuple[str, str]
# Changes the places of a definition; the answer.
Change = Callable[[PlacesByTask, int], T]


class LimitPlaces:
    """Implements ``LimitPlaceTable``. Changes of one definition that come together share a read and a batch."""

    def __init__(self, session: Session, clock: Clock, *, place_ttl_ms: int) -> None:
        """``place_ttl_ms``: how long a place is held that isn't used."""
        self._session = session
        self._clock = clock
        self._place_ttl_ms = place_ttl_ms
        self._queues: dict[str, list[tuple[Change[Any], asyncio.Future[Any]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # the question

    async def take_place(self, definition_name: str, task_id: str, *, limit: int) -> bool:
        def change(places: PlacesByTask, now_ms: int) -> bool:
            until_ms = now_ms + self._place_ttl_ms
            return _take(places, task_id, limit=limit, until_ms=until_ms, now_ms=now_ms)

        if await self._run(definition_name, change):
            return True
        freed = await self._free_unused(definition_name)
        return freed and await self._run(definition_name, change)

    async def hold_place(self, definition_name: str, task_id: str, *, in_progress: bool) -> None:
        def change(places: PlacesByTask, now_ms: int) -> None:
            before = places.get(task_id)
            until_ms = now_ms if in_progress else now_ms + self._place_ttl_ms
            if before is None:
                places[task_id] = Place("", in_progress, until_ms)
            else:
                expires_ms = max(before.expires_ms, until_ms)
                places[task_id] = before._replace(
                    in_progress=before.in_progress or in_progress, expires_ms=expires_ms
                )

        await self._run(definition_name, change)

    async def free_place(self, definition_name: str, task_id: str) -> bool:
        def change(places: PlacesByTask, now_ms: int) -> bool:
            del now_ms
            return places.pop(task_id, None) is not None

        return await self._run(definition_name, change)

    async def count_in_progress(self, definition: str) -> int:
        """How many tasks of a definition hold a place and are IN_PROGRESS."""
        await self._free_unused(definition)
        places, _ = await self._read(definition, look_for_version=False)
        return sum(place.in_progress for place in places.values())

    # what documents say

    async def held(self, asked: Sequence[PlaceKey]) -> dict[PlaceKey, Place]:
        """Of these definitions and tasks, the places of those that hold one."""
        tasks: dict[str, list[str]] = {}
        for definition, task_id in asked:
            # A task without a definition has no limit.
            if definition:
                tasks.setdefault(definition, []).append(task_id)
        found = await asyncio.gather(*(self._held_of(*one) for one in tasks.items()))
        return {place: held for part in found for place, held in part.items()}

    async def _held_of(self, definition: str, task_ids: Sequence[str]) -> dict[PlaceKey, Place]:
        found = await self._session.rows(_HELD, definition, list(task_ids))
        return {(definition, task_id): _place(*place) for task_id, *place in found}

    async def occupy(self, workflow_id: str, changes: Sequence[PlaceChange]) -> None:
        """Tasks run, as the documents say that are about to be written."""
        for change in changes:
            if change.certain is not None:
                await self._occupy(workflow_id, change)

    async def _occupy(self, workflow_id: str, change: PlaceChange) -> None:
        task_id, certain = change.task_id, change.certain

        def occupy(places: PlacesByTask, now_ms: int) -> None:
            before = places.get(task_id)
            if certain or before is not None:
                used_ms = before.expires_ms + 1 if before and before.in_progress else 0
                places[task_id] = Place(workflow_id, True, max(now_ms, used_ms))

        await self._run(change.definition_name, occupy)

    async def release(self, changes: Sequence[PlaceChange], seen: Mapping[PlaceKey, Place]) -> None:
        """Tasks run no more, as documents say that were written; free the places that were seen before that.

        A later grant stays: its task has asked again, and may run again. (``tests/model/places_beside_documents.py``)
        """
        for change in changes:
            if change.certain is None and change.place in seen:
                await self._release(change.place, seen[change.place])

    async def _release(self, key: PlaceKey, seen: Place) -> None:
        definition, task_id = key

        def release(places: PlacesByTask, now_ms: int) -> None:
            del now_ms
            if places.get(task_id) == seen:
                del places[task_id]

        await self._run(definition, release)

    async def _free_unused(self, definition: str) -> bool:
        """Free places of tasks that run no more: who was to do it has died. Whether there were some."""
        places, _ = await self._read(definition, look_for_version=False)
        now_ms = self._clock()
        doubtful = {
            task_id: place
            for task_id, place in places.items()
            if place.in_progress and place.workflow_id and place.expires_ms <= now_ms - _SETTLED_MS
        }
        running = await asyncio.gather(
            *(self._runs(definition, task_id, place) for task_id, place in doubtful.items())
        )
        unused = {
            task_id: place
            for (task_id, place), runs in zip(doubtful.items(), running, strict=True)
            if not runs
        }

        def free(places: PlacesByTask, now_ms: int) -> None:
            for task_id, place in unused.items():
                if places.get(task_id) == place:
                    del places[task_id]

        if unused:
            await self._run(definition, free)
        return bool(unused)

    async def _runs(self, definition: str, task_id: str, place: Place) -> bool:
        found = await self._session.rows(_FACTS, place.workflow_id, task_id)
        if not found or found[0][0] is None:
            return False
        facts = rows.decode_task(found[0][0])
        return facts.status is TaskStatus.IN_PROGRESS and facts.definition_name == definition

    # rounds

    async def _run(self, definition: str, change: Change[T]) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        queue = self._queues.get(definition)
        if queue is None:
            queue = self._queues[definition] = []
            task = asyncio.create_task(self._work(definition))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        queue.append((change, future))
        return await future

    async def _work(self, definition: str) -> None:
        while taken := self._queues[definition]:
            self._queues[definition] = []
            try:
                answers = await self._round(definition, [change for change, _ in taken])
            except Exception as error:
                for _, future in taken:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), answer in zip(taken, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        del self._queues[definition]

    async def _round(self, definition: str, changes: Sequence[Change[Any]]) -> list[Any]:
        for tries in range(_MAX_TRIES):
            before, version = await self._read(definition, look_for_version=tries > 0)
            after = dict(before)
            now_ms = self._clock()
            answers = [change(after, now_ms) for change in changes]
            if after == before or await self._write(definition, version, before, after):
                return answers
        raise OverloadedError(
            f"the limit of '{definition}' is written by too many at once",
            retry_after_ms=_RETRY_AFTER_MS,
        )

    async def _read(
        self, definition: str, *, look_for_version: bool
    ) -> tuple[PlacesByTask, int | None]:
        statics = await self._session.rows(_VERSION, definition) if look_for_version else []
        found = await self._session.rows(_ALL, definition)
        version = next((row[0] for row in (*found, *statics)), None)
        places = {
            task_id: _place(workflow_id, in_progress, expires_ms)
            for _, task_id, workflow_id, in_progress, expires_ms in found
            if task_id is not None
        }
        return places, version

    async def _write(
        self,
        definition: str,
        version: int | None,
        before: PlacesByTask,
        after: PlacesByTask,
    ) -> bool:
        token = token_after(version or 0)
        writes = [Write(_SET_VERSION, (token, definition, version))]
        writes += [Write(_DELETE, (definition, id_)) for id_ in before if id_ not in after]
        writes += [
            Write(_PUT, (definition, id_, *place))
            for id_, place in after.items()
            if before.get(id_) != place
        ]
        return await self._session.apply(writes)

    async def close(self) -> None:
        """Finish what was begun."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)


def _take(places: PlacesByTask, task_id: str, *, limit: int, until_ms: int, now_ms: int) -> bool:
    for lapsed in [id_ for id_, place in places.items() if not place.holds(now_ms)]:
        del places[lapsed]
    held = places.get(task_id)
    if held is None and len(places) >= limit:
        return False
    if held is None:
        places[task_id] = Place("", False, until_ms)
    else:
        # Another grant, so that a release of the one before doesn't free it.
        renewed_ms = now_ms if held.in_progress else until_ms
        places[task_id] = held._replace(expires_ms=max(held.expires_ms + 1, renewed_ms))
    return True


def _place(workflow_id: str | None, in_progress: bool | None, expires_ms: int | None) -> Place:
    return Place(workflow_id or "", bool(in_progress), expires_ms or 0)


_: type[LimitPlaceTable] = LimitPlaces
