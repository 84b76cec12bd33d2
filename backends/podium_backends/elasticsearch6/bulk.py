"""Writes of entries as one bulk: what may be sent, what became of each, which of them can be tried again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence

import msgspec
from elasticsearch import TransportError

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.cluster import Cluster, described
from podium_backends.elasticsearch6.nesting import MAX_DEPTH, is_deeper
from podium_backends.elasticsearch6.places import Place
from podium_backends.elasticsearch6.stored_form import names_own_members, stored_form
from podium_core.index.entries import IndexAnswer, IndexWrite
from podium_core.index.lookup import MAX_ENTRY_ID_BYTES

# One request; a longer document goes alone.
MAX_BULK_BYTES = 8 * 1024 * 1024
# Made in one go of the event loop: about a millisecond.
_LINES_AT_ONCE = 150
_TOO_LARGE = 413
_CURRENT_VERSION = re.compile(r"current version \[(\d+)\]")
# By type, not by status: a full disk's block is a 403, a closed index a 400.
_AWAY = frozenset(
    {
        "cluster_block_exception",
        "index_closed_exception",
        "index_not_found_exception",
        "es_rejected_execution_exception",
        "remote_transport_exception",
        "node_not_connected_exception",
        "unavailable_shards_exception",
        "shard_not_found_exception",
        "process_cluster_event_timeout_exception",
        "circuit_breaking_exception",
    }
)


class _Error(msgspec.Struct):
    type: str = ""
    reason: str | None = None
    caused_by: _Error | None = None


class _Item(msgspec.Struct):
    status: int
    result: str = ""
    error: _Error | None = None


class _Answer(msgspec.Struct):
    items: list[dict[str, _Item]]


_decoder = msgspec.json.Decoder(_Answer)


class Line(msgspec.Struct, frozen=True):
    """A write as it goes into a bulk.

    Attributes:
        at: Its place among the writes.
        text: The action, and below it the document.
    """

    at: int
    text: bytes


class BulkWriter:
    """Sends writes to the indices of one store."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def send(
        self, writes: Sequence[IndexWrite], places: Sequence[Place]
    ) -> list[IndexAnswer]:
        """Make the writes that can be made.

        Args:
            writes: In order, those of one entry too.
            places: Where each goes.
        Returns:
            What became of each; one that fails takes no other along.
        Raises:
            BackendUnavailableError: There was no answer; some may have been made. A repeat does no harm.
        """
        answers: list[IndexAnswer] = [IndexAnswer()] * len(writes)
        lines: list[Line] = []
        for at, (write, place) in enumerate(zip(writes, places, strict=True)):
            reason = _refusal(write)
            if reason:
                answers[at] = IndexAnswer(refused=reason)
            else:
                lines.append(Line(at, text_of(write, place)))
            if not (at + 1) % _LINES_AT_ONCE:
                await asyncio.sleep(0)
        for part in _parts(lines):
            for line, answer in zip(part, await self._sent(part), strict=True):
                answers[line.at] = answer
        return answers

    async def _sent(self, lines: Sequence[Line]) -> list[IndexAnswer]:
        request = dialect.bulk(b"".join(line.text for line in lines))
        try:
            answer = await self._cluster.answer(request, _decoder)
        except TransportError as error:
            return await self._refused(lines, error)
        return [_answer_of(next(iter(item.values()))) for item in answer.items]

    async def _refused(self, lines: Sequence[Line], error: TransportError) -> list[IndexAnswer]:
        """A whole request is refused: in halves, until it is known for which document."""
        if len(lines) > 1:
            half = len(lines) // 2
            return [*await self._sent(lines[:half]), *await self._sent(lines[half:])]
        too_large = error.status_code == _TOO_LARGE
        return [IndexAnswer(refused="it is too large" if too_large else described(error))]


def _refusal(write: IndexWrite) -> str:
    """Why a write must not be sent; empty: it may."""
    # One longer id would have the whole bulk refused.
    if len(write.id.encode()) > MAX_ENTRY_ID_BYTES:
        return f"its id is longer than {MAX_ENTRY_ID_BYTES} bytes"
    document = write.document
    if document is None:
        return ""
    try:
        if is_deeper(document):
            return f"it has more than {MAX_DEPTH} levels"
        if names_own_members(document):
            return "the members 'podium' and 'podiumWords' are Podium's own"
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return f"not valid JSON: {error}"
    return "" if document.lstrip()[:1] == b"{" else "not a JSON object"


def text_of(write: IndexWrite, place: Place) -> bytes:
    """A write as lines of a bulk."""
    line = dialect.put_line if write.document is not None else dialect.delete_line
    action = line(
        place.index_name, write.kind, write.id, version=write.token, routing=place.routing
    )
    if write.document is None:
        return action
    document = stored_form(write.document, write.kind, token=write.token, external=write.external)
    # A line of its own: JSON has line ends between its tokens only.
    return b"%b%b\n" % (action, document.replace(b"\n", b" ").replace(b"\r", b" "))


def _parts(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    part: list[Line] = []
    size = 0
    for line in lines:
        if part and size + len(line.text) > MAX_BULK_BYTES:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line.text)
    if part:
        yield part


def _answer_of(item: _Item) -> IndexAnswer:
    error = item.error
    if error is None:
        return IndexAnswer(was_there=item.result in {"updated", "deleted"})
    reason = error.reason or ""
    if error.type == "version_conflict_engine_exception":
        found = _CURRENT_VERSION.search(reason)
        return IndexAnswer(stale=True, token=int(found[1]) if found else 0)
    if error.type in _AWAY or item.status >= 500:
        return IndexAnswer(away=f"{error.type}: {reason}")
    cause = error.caused_by
    return IndexAnswer(refused=f"{reason}: {cause.reason}" if cause else reason)
