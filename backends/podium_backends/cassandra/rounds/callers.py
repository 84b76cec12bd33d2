"""The jobs of those who wait for a round: which it takes, what each answers, and how its caller hears of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from podium_backends.cassandra.partition.effects import PlaceChange
from podium_backends.cassandra.partition.jobs import Decided, Job
from podium_backends.cassandra.partition.partition import Partition
from podium_core.errors import StorageError
from podium_core.outbox import OutboxEntry

# One round takes jobs up to so many bytes, and so many.
ROUND_BYTES = 1024 * 1024
ROUND_JOBS = 100


class Answer(NamedTuple):
    """What a job answered, under which token, and the intents that it wrote."""

    value: Any
    token: int
    intents: Sequence[OutboxEntry] = ()


class WaitingJob(NamedTuple):
    """A job, and where its caller waits."""

    job: Job[Any]
    future: asyncio.Future[Answer]


def places_of(decided: Sequence[Decided[Any] | StorageError]) -> list[PlaceChange]:
    """The last change of each place: what the documents say in the end."""
    changes = [change for one in decided if isinstance(one, Decided) for change in one.places]
    return list({change.place: change for change in changes}.values()) if changes else changes


def answer_jobs(
    workflow_id: str,
    jobs: Sequence[WaitingJob],
    decided: Sequence[Decided[Any] | StorageError],
    token: int,
) -> None:
    """Tell the callers what was decided, once it is written under this token."""
    for waiting, one in zip(jobs, decided, strict=False):
        if waiting.future.done():
            continue
        if isinstance(one, StorageError):
            waiting.future.set_exception(one)
        else:
            waiting.future.set_result(_answer(workflow_id, one, token))


def take_jobs(queue: deque[WaitingJob]) -> list[WaitingJob]:
    """The jobs of a round; those whose callers are gone are left out."""
    taken: list[WaitingJob] = []
    size = 0
    while queue and len(taken) < ROUND_JOBS:
        if taken and size + queue[0].job.size > ROUND_BYTES:
            break
        waiting = queue.popleft()
        if not waiting.future.done():
            taken.append(waiting)
            size += waiting.job.size
    return taken


def decide_jobs(
    jobs: Sequence[WaitingJob], partition: Partition, now_ms: int
) -> list[Decided[Any] | StorageError]:
    """What each job answers, or is refused with, up to one that ends the round."""
    decided: list[Decided[Any] | StorageError] = []
    for waiting in jobs:
        try:
            decided.append(waiting.job.decide(partition, now_ms=now_ms))
        except StorageError as error:
            decided.append(error)
        if partition.ends_round:
            break
    return decided


def _answer(workflow_id: str, decided: Decided[Any], token: int) -> Answer:
    intents = [
        replace(put.as_entry(token=token, since_ms=token // 1000), owner=workflow_id)
        for put in decided.intents
    ]
    return Answer(decided.answer, token, intents)


def fail_jobs(jobs: Sequence[WaitingJob], error: Exception) -> None:
    """Tell the callers that their round has failed."""
    for waiting in jobs:
        if not waiting.future.done():
            waiting.future.set_exception(error)
