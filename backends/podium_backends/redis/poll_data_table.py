"""Poll data on Redis: Java's hash of last polls for each task definition."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from functools import partial

from msgspec import UNSET

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.keys import Keys, glob_of
from podium_backends.redis.script_files import clocked_script
from podium_backends.redis.stored_definitions import SLICE
from podium_core.models import Page, PollData
from podium_core.models.documents import POLL_DATA
from podium_core.paging.ordered_window import ordered_ids
from podium_core.paging.pages_of import Row, found_if_readable, pages_of
from podium_core.paging.read_budget import ReadBudget
from podium_core.poll_data import RESERVED_DOMAIN
from podium_core.ports import PollDataTable
from podium_core.ports.poll_data_table import NO_DOMAIN, PollKey

_WRITE = clocked_script("write_polls")
_TIME = b'"lastPollTime":'
_SCANNED_KEYS = 1_000


class RedisPollDataTable:
    """Last polls that a Java Conductor may write at the same time. All of them are found by a scan of the key names."""

    def __init__(self, calls: Link, bulk: Link, scripts: ClockedScripts, keys: Keys) -> None:
        """Take the connections for calls, and for what reads much."""
        self._calls = calls
        self._bulk = bulk
        self._scripts = scripts
        self._keys = keys

    async def write_polls(self, polls: Mapping[PollKey, str]) -> None:
        keys = []
        arguments: list[str | bytes] = []
        for (name, domain), worker_id in polls.items():
            keys.append(self._keys.poll_data(name))
            poll = PollData(queue_name=name, domain=domain or UNSET, worker_id=worker_id or UNSET)
            before, time, after = POLL_DATA.encode(poll).partition(_TIME)
            arguments += [domain or RESERVED_DOMAIN, before + time, after.removeprefix(b"0")]
        await self._scripts.run(_WRITE, keys, arguments)

    async def poll(self, key: PollKey) -> PollData | None:
        name, domain = key
        field = domain or RESERVED_DOMAIN
        document = await self._calls.read("HGET", self._keys.poll_data(name), field)
        return None if document is None else POLL_DATA.decode(document, _id(name, domain))

    async def polls_of_task(self, task_def_name: str, budget: ReadBudget) -> list[PollData]:
        found = _domains(await self._bulk.read("HGETALL", self._keys.poll_data(task_def_name)))
        polls = []
        for domain, document in sorted(found.items()):
            poll = POLL_DATA.decode(document, _id(task_def_name, domain))
            budget.take(len(task_def_name) + len(domain) + len(poll.worker_id or ""))
            polls.append(poll)
        return polls

    def polls(self, after: PollKey) -> AsyncIterator[Page[PollData]]:
        return pages_of(self._polls(after))

    async def _polls(self, after: PollKey) -> AsyncIterator[Row[PollData]]:
        name, _ = after
        # The token's own name has domains left, perhaps.
        async for row in self._polls_of([name] if name else [], after):
            yield row
        async for names in ordered_ids(self._scan, after=name):
            async for row in self._polls_of(names, after):
                yield row

    async def _polls_of(self, names: Sequence[str], after: PollKey) -> AsyncIterator[Row[PollData]]:
        for at in range(0, len(names), SLICE):
            part = names[at : at + SLICE]
            hashes = await self._bulk.read_all(
                [("HGETALL", self._keys.poll_data(name)) for name in part]
            )
            for name, found in zip(part, hashes, strict=True):
                for domain, document in sorted(_domains(found).items()):
                    if (name, domain) > after:
                        id_ = _id(name, domain)
                        decode = partial(POLL_DATA.decode, document, id_)
                        yield Row((name, domain), id_, found_if_readable(decode, len(document)))

    async def _scan(self) -> AsyncIterator[Iterable[str]]:
        """The names of all task definitions that were polled, in Redis's order."""
        prefix = self._keys.poll_data("x")[:-1]
        cursor = b"0"
        while True:
            cursor, keys = await self._bulk.read(
                "SCAN", cursor, "MATCH", f"{glob_of(prefix)}*", "COUNT", _SCANNED_KEYS
            )
            yield [key.decode(errors="replace").removeprefix(prefix) for key in keys]
            if cursor == b"0":
                return


def _domains(fields: Sequence[bytes]) -> dict[str, bytes]:
    """Documents by domain, from the answer of HGETALL; that of polls without one is empty.

    Java keeps polls in the domain "" beside those without a domain: of both the latter are shown.
    """
    names = (field.decode(errors="replace") for field in fields[::2])
    found = dict(zip(names, fields[1::2], strict=True))
    if (without := found.pop(RESERVED_DOMAIN, None)) is not None:
        found[NO_DOMAIN] = without
    return found


def _id(name: str, domain: str) -> str:
    return f"{name}:{domain}"


_: type[PollDataTable] = RedisPollDataTable
