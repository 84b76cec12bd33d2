"""Templates, indices and mappings, made or completed: as often as one likes, by several servers at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from elasticsearch import RequestError

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.mappings import mapping, missing_properties
from podium_backends.elasticsearch6.names import SLICED, IndexNames
from podium_core.errors import IncompatibleStoreError
from podium_core.index import EntryKind

# Sends a request and gives the answer, decoded.
Perform = Callable[[dialect.Request], Awaitable[Any]]

TEMPLATE_ORDER = 10
"""Above Conductor's, which is 0: where both match a new index, ours hold."""

# How long an index remembers the version of a deleted entry.
GC_DELETES_MS = 5 * 60 * 1000
_GC_DELETES = f"{GC_DELETES_MS}ms"
# A request line has at most 4 kB.
_INDICES_IN_ONE_REQUEST = 12


class Shards(NamedTuple):
    """How an index of workflows or tasks is divided, and how often it is there.

    Attributes:
        shards: Of a new index; a time slice has one.
        replicas: Of each new index.
    """

    shards: int = 5
    replicas: int = 1

    def settings(self, kind: EntryKind) -> dict[str, Any]:
        """The settings of a new index."""
        shards = 1 if kind in SLICED else self.shards
        return {
            "index": {
                "number_of_shards": shards,
                "number_of_replicas": self.replicas,
                "gc_deletes": _GC_DELETES,
            }
        }


class MappingConflict(NamedTuple):
    """A field of an index that is there, with a type by which it can't be searched."""

    index_name: str
    field: str


class IndexSetup:
    """Prepares the indices of one prefix; what is there keeps its documents and the types of its fields."""

    def __init__(self, perform: Perform, names: IndexNames, shards: Shards) -> None:
        self._perform = perform
        self._names = names
        self._shards = shards

    async def run(self) -> list[MappingConflict]:
        """Make what isn't there yet, and add to indices that are there the fields that they lack.

        Waits for no replica and no colour of the cluster.

        Returns:
            The fields that have another type than searches need.
        Raises:
            IncompatibleStoreError: An index holds documents of another mapping type.
        """
        await self._put_templates()
        conflicts: list[MappingConflict] = []
        for kind in EntryKind:
            if kind not in SLICED:
                await self._create(kind)
            conflicts += await self._complete(kind)
        await self._remember_deletions()
        return conflicts

    async def _put_templates(self) -> None:
        # By them a slice, and an index that is deleted while we run, get the right mapping with their first document.
        stored = await self._perform(dialect.get_templates(f"{self._names.template_prefix}*"))
        for kind in EntryKind:
            name = self._names.template(kind)
            body = dialect.template(
                kind,
                patterns=self._names.patterns(kind),
                order=TEMPLATE_ORDER,
                settings=self._shards.settings(kind),
                mapping=mapping(kind),
            )
            if stored.get(name, {}).get("version") != body["version"]:
                await self._perform(dialect.put_template(name, body))

    async def _create(self, kind: EntryKind) -> None:
        index = self._names.indices(kind)
        if await self._perform(dialect.index_exists(index)):
            return
        request = dialect.create_index(
            index, kind, settings=self._shards.settings(kind), mapping=mapping(kind)
        )
        try:
            await self._perform(request)
        except RequestError as error:
            # Another server was faster.
            if not dialect.already_exists(error.error):
                raise

    async def _complete(self, kind: EntryKind) -> list[MappingConflict]:
        answer = await self._perform(dialect.get_mappings(self._names.indices(kind)))
        conflicts: list[MappingConflict] = []
        lacking: dict[bytes, list[str]] = defaultdict(list)
        for index, types in dialect.mappings_by_type(answer).items():
            change = missing_properties(kind, only_type(index, kind, types))
            conflicts += [MappingConflict(index, field) for field in change.conflicts]
            if change.properties:
                lacking[msgspec.json.encode(change.properties)].append(index)
        for properties, indices in lacking.items():
            await self._add(kind, msgspec.json.decode(properties), indices)
        return conflicts

    async def _remember_deletions(self) -> None:
        """Java's indices forget the version of a deleted entry after a minute."""
        answer = await self._perform(dialect.get_settings(self._names.all_indices))
        others = [
            index
            for index, settings in dialect.settings_by_index(answer).items()
            if settings.get("gc_deletes") != _GC_DELETES
        ]
        for some in _in_requests(others):
            await self._perform(dialect.put_settings(some, {"gc_deletes": _GC_DELETES}))

    async def _add(
        self, kind: EntryKind, properties: Mapping[str, Any], indices: Sequence[str]
    ) -> None:
        body = {"properties": dict(properties)}
        for some in _in_requests(indices):
            await self._perform(dialect.put_mapping(some, kind, body))


def _in_requests(indices: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(indices), _INDICES_IN_ONE_REQUEST):
        yield indices[start : start + _INDICES_IN_ONE_REQUEST]


def only_type(index: str, kind: EntryKind, types: Mapping[str, Any]) -> Mapping[str, Any]:
    """The mapping of the kind; an index without any type takes it with its first document.

    Raises:
        IncompatibleStoreError: It has another type, and can have only one.
    """
    wanted = dialect.document_type(kind)
    if types and wanted not in types:
        raise IncompatibleStoreError(
            f"index {index} holds documents of type {', '.join(types)}, not {wanted}"
        )
    found: Mapping[str, Any] = types.get(wanted, {})
    return found
