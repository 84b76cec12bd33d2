"""Reads of entries by id, in their newest state: without their documents, or whole, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.cluster import Cluster
from podium_backends.elasticsearch6.mappings import MARKER
from podium_backends.elasticsearch6.names import SLICED, IndexNames
from podium_backends.elasticsearch6.stored_form import believed, given_form
from podium_core.errors import BackendUnavailableError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import EntryHead, IndexEntry
from podium_core.models.json_text import raw_bytes

HEAD_MEMBERS = (MARKER, "archived", "workflowId")
# Documents in one request: those of archived executions have megabytes.
_AT_ONCE = 100


class _Error(msgspec.Struct):
    type: str = ""
    reason: str | None = None


class HeadSource(msgspec.Struct):
    """The members of an entry that its head is made of."""

    podium: Raw = Raw(b"")
    archived: Raw = Raw(b"")
    workflow_id: Raw = msgspec.field(name="workflowId", default=Raw(b""))


class Got(msgspec.Struct):
    """A document that was asked for by its id; ``error``: nobody knows whether it is there."""

    found: bool = False
    error: _Error | None = None


class _HeadDoc(Got):
    id: str = msgspec.field(name="_id", default="")
    version: int = msgspec.field(name="_version", default=0)
    source: HeadSource = msgspec.field(name="_source", default_factory=HeadSource)


class _HeadDocs(msgspec.Struct):
    docs: list[_HeadDoc]


class _Doc(Got):
    id: str = msgspec.field(name="_id", default="")
    version: int = msgspec.field(name="_version", default=0)
    source: Raw = msgspec.field(name="_source", default=Raw(b"{}"))


class _Docs(msgspec.Struct):
    docs: list[_Doc]


_heads = msgspec.json.Decoder(_HeadDocs)
_docs = msgspec.json.Decoder(_Docs)
_source = msgspec.json.Decoder(HeadSource)


class _Found(msgspec.Struct):
    hits: list[_Doc]


class _Search(msgspec.Struct):
    hits: _Found


_search = msgspec.json.Decoder(_Search)


class EntryReads:
    """Reads by id."""

    def __init__(self, cluster: Cluster, names: IndexNames) -> None:
        self._cluster = cluster
        self._names = names

    async def heads(self, kind: EntryKind, ids: Sequence[str]) -> list[EntryHead | None]:
        """As ``IndexTarget.heads``; of workflows and tasks."""
        if not ids:
            return []
        request = dialect.multi_get(self._wanted(kind, ids, HEAD_MEMBERS))
        found = (await self._cluster.read(request, _heads)).docs
        require_known(self._cluster.name, found)
        return [
            head_of(kind, doc.id, doc.version, doc.source) if doc.found else None for doc in found
        ]

    async def entries(
        self, kind: EntryKind, ids: Sequence[str], *, max_size: int
    ) -> list[IndexEntry | None]:
        """As ``IndexTarget.entries``; what is only looked up as of the last refresh."""
        if kind in SLICED:
            return await self._looked_up(kind, ids[:_AT_ONCE])
        entries: list[IndexEntry | None] = []
        size = 0
        heads = await self.heads(kind, ids)
        while len(entries) < len(ids) and (size < max_size or not entries):
            part = _next_part(ids[len(entries) :], heads[len(entries) :])
            request = dialect.multi_get(self._wanted(kind, part, None))
            found = (await self._cluster.read(request, _docs)).docs
            require_known(self._cluster.name, found)
            for doc in found:
                entry = _entry_of(kind, doc) if doc.found else None
                entries.append(entry)
                size += len(entry.document) if entry else 0
        return entries

    async def _looked_up(self, kind: EntryKind, ids: Sequence[str]) -> list[IndexEntry | None]:
        """Nobody knows in which slice they are, so they are searched."""
        query = {"ids": {"values": list(ids)}}
        body = {"query": query, "size": len(ids), "version": True}
        request = dialect.search(self._names.indices(kind), kind, body)
        docs = (await self._cluster.read(request, _search)).hits.hits
        found = {doc.id: _entry_of(kind, doc) for doc in docs}
        return [found.get(id_) for id_ in ids]

    def _wanted(
        self, kind: EntryKind, ids: Sequence[str], members: Sequence[str] | None
    ) -> list[dialect.Json]:
        if kind in SLICED:
            raise ValueError(f"{kind} entries are not read by id")
        index = self._names.indices(kind)
        return [dialect.wanted(index, kind, id_, members=members) for id_ in ids]


def require_known(store: str, docs: Sequence[Got]) -> None:
    """A closed index, or a shard that isn't there yet, tells nothing of its documents; a deleted index has none.

    Raises:
        BackendUnavailableError: Of one of these nobody knows whether it is there.
    """
    for doc in docs:
        if doc.error is not None and doc.error.type != "index_not_found_exception":
            raise BackendUnavailableError(store, f"{doc.error.type}: {doc.error.reason}")


def head_of(kind: EntryKind, id_: str, version: int, source: HeadSource) -> EntryHead:
    """The head of an entry. One that another program wrote last is external: nobody knows where its execution lives."""
    marker = believed(source.podium, version)
    return EntryHead(
        id=id_,
        token=version,
        archived=raw_bytes(source.archived) == b"true",
        workflow_id=_text(source.workflow_id),
        digest=bytes.fromhex(marker.digest) if marker else b"",
        external=marker is None or marker.external,
    )


def _entry_of(kind: EntryKind, doc: _Doc) -> IndexEntry:
    document = raw_bytes(doc.source)
    try:
        source = _source.decode(document)
    except msgspec.MsgspecError:
        source = HeadSource()
    head = head_of(kind, doc.id, doc.version, source)
    return IndexEntry(
        kind=kind,
        id=doc.id,
        token=doc.version,
        archived=head.archived,
        document=given_form(document),
        external=head.external,
    )


def _next_part(ids: Sequence[str], heads: Sequence[EntryHead | None]) -> Sequence[str]:
    """The next ids that are read in one request: an archived entry alone, of others many."""
    for at, head in enumerate(heads[:_AT_ONCE]):
        if head is not None and head.archived:
            return ids[: at or 1]
    return ids[:_AT_ONCE]


def _text(raw: Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=str) if raw else ""
    except msgspec.MsgspecError:
        return ""
