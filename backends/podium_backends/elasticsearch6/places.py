"""Which index and shard an entry is in: one fixed index, or of logs, events and messages the slice of its first write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.cluster import Cluster
from podium_backends.elasticsearch6.entry_reads import Got, require_known
from podium_backends.elasticsearch6.names import SLICED, IndexNames
from podium_core.index.changes import EntryKind
from podium_core.index.entries import IndexWrite
from podium_core.index.kinds import LOOKED_UP
from podium_core.models.json_members import text_of_member

# What was written a moment ago in the slice before may not be searchable yet.
_OVERLAP_MS = 60 * 60 * 1000


class Place(NamedTuple):
    """Where a write goes: its index, and by what its shard is chosen; empty: by its id."""

    index_name: str
    routing: str = ""


class _Found(Got):
    index: str = msgspec.field(name="_index", default="")
    id: str = msgspec.field(name="_id", default="")
    routing: str = msgspec.field(name="_routing", default="")


class _Docs(msgspec.Struct):
    docs: list[_Found]


class _Hits(msgspec.Struct):
    hits: list[_Found]


class _SearchAnswer(msgspec.Struct):
    hits: _Hits


_docs = msgspec.json.Decoder(_Docs)
_search = msgspec.json.Decoder(_SearchAnswer)


class Places:
    """Finds the places of writes."""

    def __init__(self, cluster: Cluster, names: IndexNames) -> None:
        self._cluster = cluster
        self._names = names
        self._fixed = {
            kind: Place(names.index(kind, 0)) for kind in EntryKind if kind not in SLICED
        }

    async def of(self, writes: Sequence[IndexWrite]) -> list[Place]:
        """The place of each write. An entry that is there keeps its place, so that a repeat replaces it."""
        wanted = [self._new_place(write) for write in writes]
        there: dict[tuple[EntryKind, str], Place] = {}
        for kind in {write.kind for write in writes} & SLICED:
            there |= await self._present(kind, [write for write in writes if write.kind is kind])
        return [
            there.get((write.kind, write.id), place)
            for write, place in zip(writes, wanted, strict=True)
        ]

    def _new_place(self, write: IndexWrite) -> Place:
        if fixed := self._fixed.get(write.kind):
            return fixed
        # By the mark's time, which nobody sets to another day.
        index = self._names.index(write.kind, _time_ms(write))
        return Place(index, _routing(write))

    async def _present(
        self, kind: EntryKind, writes: Sequence[IndexWrite]
    ) -> dict[tuple[EntryKind, str], Place]:
        ids = list({write.id for write in writes})
        body = {"query": {"ids": {"values": ids}}, "size": len(ids), "_source": False}
        request = dialect.search(self._names.indices(kind), kind, body)
        found = (await self._cluster.read(request, _search)).hits.hits
        overlapping = [wanted for write in writes for wanted in self._before(write)]
        if overlapping:
            docs = (await self._cluster.read(dialect.multi_get(overlapping), _docs)).docs
            require_known(self._cluster.name, docs)
            found += [doc for doc in docs if doc.found]
        return {(kind, each.id): Place(each.index, each.routing) for each in found}

    def _before(self, write: IndexWrite) -> list[Mapping[str, str]]:
        """What to get of the slice before, where that has just ended."""
        now = self._names.index(write.kind, _time_ms(write))
        before = self._names.index(write.kind, _time_ms(write) - _OVERLAP_MS)
        if before == now:
            return []
        return [dialect.wanted(before, write.kind, write.id, routing=_routing(write))]


def _time_ms(write: IndexWrite) -> int:
    return write.token // 1000


def _routing(write: IndexWrite) -> str:
    """The lines of a task are in one shard, which knows the order of what it was sent."""
    if write.kind is not EntryKind.TASK_LOG or write.document is None:
        return ""
    try:
        return text_of_member(write.document, LOOKED_UP[write.kind].owner) or ""
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
