"""Searches: the hits of a query, the entries of an owner, and walks through all entries of a kind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec
from elasticsearch import TransportError
from msgspec import Raw
from msgspec.structs import replace

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.cluster import Cluster, NoAnswerError, described, is_starting
from podium_backends.elasticsearch6.compile import Clause, compile_query, compile_sort
from podium_backends.elasticsearch6.entry_reads import HEAD_MEMBERS, HeadSource, head_of
from podium_backends.elasticsearch6.mappings import WORDS
from podium_backends.elasticsearch6.names import SLICED, IndexNames
from podium_backends.elasticsearch6.stored_form import given_form
from podium_core.errors import (
    BackendUnavailableError,
    DeadlineExceededError,
    InvalidArgumentError,
)
from podium_core.index.changes import EntryKind
from podium_core.index.documents import RAW_JSON
from podium_core.index.entries import EntryScan
from podium_core.index.kinds import LOOKED_UP, SEARCHED
from podium_core.index.search import Hit, Hits, Place, Search
from podium_core.models.json_text import raw_bytes
from podium_core.paging.read_budget import ReadBudget
from podium_core.paging.resume_token import resume_key, resume_token
from podium_core.query import MatchAll

S = TypeVar("S")

# Documents in one answer: it is in memory as a whole before the first of them is counted.
_DOCUMENTS_AT_ONCE = 500
# Seconds between attempts.
_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_WINDOW = "Result window is too large"
_SENT = ["_index", "_seq_no", "_id"]
# What a summary leaves out.
_SUMMARY = {"excludes": [RAW_JSON, WORDS]}


class _Hit(msgspec.Struct):
    id: str = msgspec.field(name="_id")
    version: int = msgspec.field(name="_version", default=0)
    sort: list[Any] = []


class _DocumentHit(_Hit):
    source: Raw = msgspec.field(name="_source", default=Raw(b""))


class _HeadHit(_Hit):
    source: HeadSource = msgspec.field(name="_source", default_factory=HeadSource)


class _Hits(msgspec.Struct, Generic[S]):
    total: int
    hits: list[S]


class _Answer(msgspec.Struct, Generic[S]):
    hits: _Hits[S]
    timed_out: bool = False


_documents = msgspec.json.Decoder(_Answer[_DocumentHit])
_heads = msgspec.json.Decoder(_Answer[_HeadHit])


class Searches:
    """Searches of one store."""

    def __init__(self, cluster: Cluster, names: IndexNames, timeout_seconds: float) -> None:
        self._cluster = cluster
        self._names = names
        self._timeout_seconds = timeout_seconds

    async def search(self, search: Search, budget: ReadBudget) -> Hits:
        """As ``IndexTable.search``."""
        body = _body_of(search)
        if search.count <= _DOCUMENTS_AT_ONCE or not search.with_documents:
            return _hits_of(search, await self._ask(search.kind, body, _documents), budget)
        return await self._long_search(search, body, budget)

    async def _long_search(self, search: Search, body: Clause, budget: ReadBudget) -> Hits:
        """In parts, so that documents above the budget are not all in memory."""
        hits: list[Hit] = []
        total = 0
        while len(hits) < search.count:
            size = min(_DOCUMENTS_AT_ONCE, search.count - len(hits))
            answer = await self._ask(search.kind, body | {"size": size}, _documents)
            part = _hits_of(search, answer, budget)
            total = total or part.total
            hits += part.hits
            if len(part.hits) < size:
                break
            following = _sort_values(replace(search, after=part.hits[-1].place))
            body = {**body, "from": 0, "search_after": following}
        return Hits(total, hits)

    async def records(
        self, kind: EntryKind, owner: str, count: int, budget: ReadBudget
    ) -> list[tuple[str, bytes]]:
        """As ``IndexTable.records``."""
        members = LOOKED_UP[kind]
        body: Clause = {
            "query": {"bool": {"filter": {"term": {members.owner: owner}}}},
            "sort": [
                {members.created: {"order": "asc", "unmapped_type": "long"}},
                # A shard counts what it is sent.
                {"_seq_no": {"order": "asc", "unmapped_type": "long"}},
            ],
        }
        found: list[tuple[str, bytes]] = []
        while len(found) < count:
            size = min(_DOCUMENTS_AT_ONCE, count - len(found))
            part = {**body, "from": len(found), "size": size}
            hits = (await self._ask(kind, part, _documents)).hits.hits
            for hit in hits:
                document = given_form(raw_bytes(hit.source))
                budget.take_document(len(document))
                found.append((hit.id, document))
            if len(hits) < size:
                break
        return found

    async def task_ids(self, workflow_id: str, after: str, limit: int) -> list[str]:
        """As ``IndexTarget.task_ids``."""
        id_field = SEARCHED[EntryKind.TASK].id_field
        body: Clause = {
            "query": {"bool": {"filter": {"term": {"workflowId": workflow_id}}}},
            "sort": [{id_field: "asc"}],
            "size": limit,
            "_source": False,
        }
        if after:
            body["search_after"] = [after]
        answer = await self._ask(EntryKind.TASK, body, _documents)
        return [hit.id for hit in answer.hits.hits]

    async def scan(self, kind: EntryKind, cursor: str, limit: int) -> EntryScan:
        """As ``IndexTarget.scan``: in order of ids, or slice by slice in the order in which a shard was sent them."""
        keys = _SENT if kind in SLICED else [SEARCHED[kind].id_field]
        body: Clause = {
            "query": {"match_all": {}},
            "sort": [{key: "asc"} for key in keys],
            "size": limit,
            "version": True,
            "_source": list(HEAD_MEMBERS),
        }
        if cursor:
            body["search_after"] = resume_key(cursor, tuple[str | int, ...], ())
        hits = (await self._ask(kind, body, _heads)).hits.hits
        heads = [head_of(kind, hit.id, hit.version, hit.source) for hit in hits]
        return EntryScan(heads, resume_token(*hits[-1].sort) if len(hits) >= limit else None)

    async def _ask(
        self, kind: EntryKind, body: Clause, decoder: msgspec.json.Decoder[_Answer[S]]
    ) -> _Answer[S]:
        request = dialect.search(self._names.indices(kind), kind, body)
        try:
            answer = await self._answer(request, decoder)
        except NoAnswerError as error:
            raise self._too_slow() from error
        except TransportError as error:
            raise self._translated(error, body) from error
        if answer.timed_out:
            raise self._too_slow()
        return answer

    async def _answer(
        self, request: dialect.Request, decoder: msgspec.json.Decoder[_Answer[S]]
    ) -> _Answer[S]:
        """The answer; shards of an index that was made a moment ago, or moves, don't answer yet."""
        for pause in _PAUSES:
            try:
                return await self._cluster.answer(
                    request, decoder, timeout_seconds=self._timeout_seconds
                )
            except BackendUnavailableError as error:
                if not is_starting(error):
                    raise
            await asyncio.sleep(pause)
        return await self._cluster.answer(request, decoder, timeout_seconds=self._timeout_seconds)

    def _translated(
        self, error: TransportError, body: Clause
    ) -> InvalidArgumentError | BackendUnavailableError:
        reason = described(error)
        if _WINDOW in reason:
            wanted = body.get("from", 0) + body.get("size", 0)
            return InvalidArgumentError(
                "start",
                f"start + count is {wanted}, more than the index allows (max_result_window): go on with page_token",
            )
        if error.status_code == 400:
            field = "lucene_query" if "query_string" in str(body) else "query"
            return InvalidArgumentError(field, f"Elasticsearch refuses it: {reason}")
        return BackendUnavailableError(self._cluster.name, reason)

    def _too_slow(self) -> DeadlineExceededError:
        return DeadlineExceededError(
            f"the search took longer than {self._timeout_seconds * 1000:.0f} ms, the server's own limit"
            f" (search_timeout_ms of store '{self._cluster.name}'); narrow it: fewer or longer prefixes, a field,"
            " a stretch of startTime"
        )


def _body_of(search: Search) -> Clause:
    kind = SEARCHED[search.kind]
    body: Clause = {
        "query": compile_query(
            search.query, search.free_text, kind.fields, lucene_query=search.lucene_query
        ),
        "sort": compile_sort(
            search.order,
            scored=_is_scored(search),
            newest=kind.fields[kind.newest],
            id_field=kind.fields[kind.id_field],
        ),
        "from": search.start,
        "size": search.count,
        "_source": _SUMMARY if search.with_documents else False,
    }
    if search.after is not None:
        body["search_after"] = _sort_values(search)
    return body


def _is_scored(search: Search) -> bool:
    """Without a text there is nothing that a score could say."""
    return bool(search.lucene_query) or not isinstance(search.free_text, MatchAll)


def _sort_values(search: Search) -> list[Any]:
    """A place as the index knows it: without scores where it makes none."""
    keys = [*search.order, None]
    scored = _is_scored(search)
    pairs = zip(keys, search.after or (), strict=True)
    return [value for key, value in pairs if scored or key is None or key.field is not None]


def _place(search: Search, values: Sequence[Any]) -> Place:
    scored, left = _is_scored(search), iter(values)
    return (
        *(next(left) if scored or key.field is not None else None for key in search.order),
        next(left),
    )


def _hits_of(search: Search, answer: _Answer[_DocumentHit], budget: ReadBudget) -> Hits:
    hits: list[Hit] = []
    for hit in answer.hits.hits:
        document = given_form(raw_bytes(hit.source))
        if document:
            budget.take_document(len(document))
        hits.append(Hit(hit.id, _place(search, hit.sort), document))
    return Hits(answer.hits.total, hits)
