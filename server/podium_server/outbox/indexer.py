"""The indexer: carries marks of the index out in bulk, the stored documents read now, the mark's token as their version."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import msgspec
from msgspec import Raw

from podium_core.errors import BackendUnavailableError, StorageError
from podium_core.index.changes import EntryKind, IndexOutcome, Merge, Put, Remove
from podium_core.index.documents import with_members
from podium_core.index.entries import IndexAnswer, IndexEntry, IndexWrite
from podium_core.index.kept_archive import ARCHIVED_KINDS, document_with_archive, put_onto
from podium_core.index.marks import (
    INDEX_KINDS,
    IndexMark,
    Upsert,
    Verify,
    decode_mark,
    entry_kind,
)
from podium_core.index.stored_document import StoredDocument
from podium_core.models.json_members import text_of_member
from podium_core.models.json_text import raw_bytes
from podium_core.outbox import LEASE_MS, DueEntries, OutboxEntry
from podium_core.ports import IndexTarget, Outbox, StoredDocuments
from podium_server.large_work import done_by_size
from podium_server.outbox.entries import entry_document
from podium_server.outbox.handlers import PoisonError, Settled, Settlement
from podium_server.outbox.sends import Sends

# So many marks, and about so many characters of documents, are sent at once, and so many of these slices at the same time:
# while the index is busy with one, the next is read.
SLICE = 700
SLICE_SIZE = 2 * 1024 * 1024
SLICES_IN_FLIGHT = 2
# Read and turned into entries in one go of the event loop: about a millisecond. A document of more than ``LARGE``
# characters is turned into its entry in a thread.
AT_ONCE = 40
LARGE = 512 * 1024

T = TypeVar("T")


class Indexed(msgspec.Struct, frozen=True):
    """The result of a mark.

    Attributes:
        settlement: For the drainer.
        outcome: Whether there was something to change, where that is known.
        again: The mark's fresh token: the index had seen a newer one, and the mark still stands.
    """

    settlement: Settlement
    outcome: IndexOutcome = IndexOutcome.WRITTEN
    again: int | None = None


class _Step(msgspec.Struct):
    """A mark on its way."""

    kind: EntryKind
    entry: OutboxEntry
    mark: IndexMark
    write: IndexWrite | None = None
    result: Indexed | None = None

    def drop(self, outcome: IndexOutcome = IndexOutcome.WRITTEN) -> None:
        """Send nothing."""
        self.result = Indexed(Settled.DONE, outcome)

    def fail(self, error: Exception) -> None:
        """Report that it can't be sent."""
        self.result = Indexed(error)

    def decide_by(self, decide: Callable[[_Step, T], None], found: T) -> None:
        """Decide by what was found. A document that can't become an entry fails alone."""
        try:
            decide(self, found)
        except Exception as error:
            self.fail(error)

    def send(self, document: bytes | None, *, external: bool = False) -> None:
        """Send this document; None deletes the entry."""
        self.write = IndexWrite(
            kind=self.kind,
            id=self.entry.id,
            token=self.entry.token,
            document=document,
            external=external,
        )


class Indexer:
    """A handler for the drainer, and for a call that waits until its own marks are carried out."""

    def __init__(
        self,
        source: StoredDocuments,
        target: IndexTarget,
        outbox: Outbox,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._target = target
        self._outbox = outbox
        self._monotonic = monotonic

    @property
    def kinds(self) -> Sequence[str]:
        """The marks of the index."""
        return INDEX_KINDS

    async def carry_out(self, due: DueEntries) -> Sequence[Settlement]:
        """For the drainer."""
        return [indexed.settlement for indexed in await self.index(due.entries)]

    async def close(self) -> None:
        """Nothing goes on by itself."""

    async def index(self, entries: Sequence[OutboxEntry]) -> list[Indexed]:
        """Carry marks out; what became of each. The marks themselves stay where they are."""
        results: dict[int, Indexed] = {}
        for kind in dict.fromkeys(entry.kind for entry in entries):
            places = [at for at, entry in enumerate(entries) if entry.kind == kind]
            of_kind = [entries[at] for at in places]
            results |= zip(places, await self._index_kind(entry_kind(kind), of_kind), strict=True)
        return [results[at] for at in range(len(entries))]

    async def _index_kind(
        self, kind: EntryKind, entries: Sequence[OutboxEntry]
    ) -> Sequence[Indexed]:
        sends = Sends(_slices_in_flight(kind))
        steps: list[_Step] = []
        try:
            while len(steps) < len(entries):
                some = entries[len(steps) : len(steps) + SLICE]
                await sends.room_for(entry.id for entry in some)
                deadline = self._monotonic() + LEASE_MS / 1000
                ready = await self._prepared(kind, some)
                steps += ready
                sends.start([step.entry.id for step in ready], self._sent(ready, deadline))
            await sends.all_done()
        finally:
            await sends.cancel()
        return [step.result or Indexed(Settled.DONE) for step in steps]

    async def _prepared(self, kind: EntryKind, entries: Sequence[OutboxEntry]) -> list[_Step]:
        """The first of these marks, as many as their documents aren't too large for, each with what to send."""
        steps = [_step(kind, entry) for entry in entries]
        try:
            steps = await self._with_documents(kind, steps)
            return await self._with_entries(kind, steps)
        except StorageError as error:
            _fail_all(steps, error)
            return steps

    # what to send

    async def _with_documents(self, kind: EntryKind, steps: list[_Step]) -> list[_Step]:
        asked = [at for at, s in enumerate(steps) if _asks_for_document(kind, s.mark)]
        size = 0
        while asked:
            if size >= SLICE_SIZE:
                return steps[: asked[0]]
            ids = [(steps[at].entry.id, steps[at].entry.owner) for at in asked[:AT_ONCE]]
            found = await self._source.documents(kind, ids, max_size=min(LARGE, SLICE_SIZE - size))
            for at, document in zip(asked, found, strict=False):
                await _decide_by_size(steps[at], _decide, document, document.size)
                size += document.size
            del asked[: len(found)]
            await asyncio.sleep(0)
        return steps

    async def _with_entries(self, kind: EntryKind, steps: list[_Step]) -> list[_Step]:
        """Those that depend on what the index holds: the entry is read after the document."""
        undecided = [at for at, s in enumerate(steps) if s.write is None and s.result is None]
        asked = [at for at in undecided if _asks(kind, steps[at].mark)]
        for at in set(undecided).difference(asked):
            steps[at].decide_by(_decide_by_entry, None)
        size = 0
        while asked:
            if size >= SLICE_SIZE:
                return steps[: asked[0]]
            ids = [steps[at].entry.id for at in asked]
            found = await self._target.entries(kind, ids, max_size=SLICE_SIZE - size)
            for at, entry in zip(asked, found, strict=False):
                entry_size = len(entry.document) if entry else 0
                await _decide_by_size(steps[at], _decide_by_entry, entry, entry_size)
                size += entry_size
            del asked[: len(found)]
        return steps

    # sending

    async def _sent(self, steps: Sequence[_Step], deadline: float) -> None:
        """Send what there is to send, and note what became of it."""
        steps = [step for step in steps if step.write is not None and step.result is None]
        try:
            await self._send(steps, deadline)
        except StorageError as error:
            _fail_all(steps, error)

    async def _send(self, steps: Sequence[_Step], deadline: float) -> None:
        if not steps:
            return
        if self._monotonic() > deadline:
            # So late that the index may have forgotten the token of what was deleted meanwhile.
            raise BackendUnavailableError("", "the indexer stood still; read again")
        answers = await self._target.send([step.write for step in steps if step.write is not None])
        for step, answer in zip(steps, answers, strict=True):
            step.result = await self._settle(step, answer)

    async def _settle(self, step: _Step, answer: IndexAnswer) -> Indexed:
        entry = step.entry
        if answer.refused:
            return Indexed(PoisonError(f"the index refuses it: {answer.refused}"))
        if answer.away:
            return Indexed(BackendUnavailableError("", answer.away))
        if answer.stale:
            # A newer entry was sent, and its mark replaced this one; or the store's tokens fell back.
            token = await self._outbox.raise_token(entry, above=answer.token)
            return Indexed(Settled.KEPT, again=token)
        deleted = step.write is not None and step.write.document is None
        absent = deleted and not answer.was_there
        return Indexed(Settled.DONE, IndexOutcome.ABSENT if absent else IndexOutcome.WRITTEN)


def _slices_in_flight(kind: EntryKind) -> int:
    # The lines of a log are shown in the order in which they were sent.
    return SLICES_IN_FLIGHT if kind in ARCHIVED_KINDS else 1


def _fail_all(steps: Sequence[_Step], error: StorageError) -> None:
    for step in steps:
        if step.result is None:
            step.fail(error)


def _step(kind: EntryKind, entry: OutboxEntry) -> _Step:
    step = _Step(kind, entry, Upsert())
    try:
        step.mark = decode_mark(entry.body)
    except msgspec.MsgspecError as error:
        step.fail(PoisonError(f"the mark can't be read: {error}"))
    return step


def _decide(step: _Step, document: StoredDocument) -> None:
    """Decide by the stored document alone."""
    if step.result is not None:
        return
    if document.unreadable:
        step.fail(PoisonError(document.unreadable))
    elif document.removing:
        _wait_for_removal(step, document)
    elif isinstance(step.mark, Put | Merge):
        pass  # the entry decides
    elif document.record is not None:
        entry = entry_document(document.record)
        fields = step.mark.fields if isinstance(step.mark, Upsert | Verify) else Raw(b"")
        step.send(with_members(entry, fields) if fields else entry)
    elif step.mark == Upsert():
        step.drop()  # only an explicit removal deletes


def _wait_for_removal(step: _Step, document: StoredDocument) -> None:
    """The entry is the removal's to write, or to delete.

    What came through IndexService comes after it. The entry is read only then: an archive that is sent between the read and
    the send would give way to what was there before it. A removal that begins later has a higher token, and wins anyway.
    """
    if isinstance(step.mark, Put | Merge) or (
        isinstance(step.mark, Upsert | Verify) and step.mark.fields
    ):
        step.fail(BackendUnavailableError("", f"workflow '{document.owner}' is being removed"))
    else:
        step.drop()


async def _decide_by_size(
    step: _Step, decide: Callable[[_Step, T], None], found: T, size: int
) -> None:
    await done_by_size(partial(step.decide_by, decide, found), size, large=LARGE)


def _asks_for_document(kind: EntryKind, mark: IndexMark) -> bool:
    """Whether the stored document decides, or its removal has to end first."""
    return isinstance(mark, Upsert | Verify | Put | Merge) and kind in ARCHIVED_KINDS


def _asks(kind: EntryKind, mark: IndexMark) -> bool:
    """Whether a mark that isn't decided yet depends on the entry in the index."""
    if isinstance(mark, Put):
        return kind in ARCHIVED_KINDS
    return mark != Remove()


def _decide_by_entry(step: _Step, shown: IndexEntry | None) -> None:
    match step.mark:
        case Put() as put:
            _put(step, put, shown)
        case Remove(workflow_id=workflow_id):
            _remove(step, shown, workflow_id)
        case Merge(fields=fields, workflow_id=workflow_id):
            _merge(step, shown, fields, workflow_id)
        case Upsert(fields=fields):
            _merge(step, shown, fields, "")
        case Verify(removes_archive=True, workflow_id=workflow_id):
            _remove(step, shown, workflow_id)
        case Verify(fields=fields):
            # The document is gone: an archived entry is the only copy, and of an external one none was ever here.
            if shown is not None and not (shown.archived or shown.external):
                step.send(None)
            elif fields:
                _merge(step, shown, fields, "")
            else:
                step.drop()


def _put(step: _Step, put: Put, shown: IndexEntry | None) -> None:
    document = raw_bytes(put.document)
    kept_kind = step.kind in ARCHIVED_KINDS
    if not kept_kind or shown is None or _was_removed(put, shown):
        step.send(document, external=True)
    else:
        kept, external = put_onto(shown.document, document, external=shown.external)
        step.send(kept, external=external)


def _was_removed(put: Put, shown: IndexEntry) -> bool:
    return put.removed is not None and (not put.removed or _is_of(shown, put.removed))


def _remove(step: _Step, shown: IndexEntry | None, workflow_id: str) -> None:
    if workflow_id and shown is not None and not _is_of(shown, workflow_id):
        step.drop(IndexOutcome.ABSENT)
    else:
        # Without an entry too: a drainer may have an older mark in its hands, and is about to write one.
        step.send(None)


def _merge(step: _Step, shown: IndexEntry | None, fields: Raw, workflow_id: str) -> None:
    if shown is None or (workflow_id and not _is_of(shown, workflow_id)):
        step.drop(IndexOutcome.ABSENT)
    else:
        kept = document_with_archive(raw_bytes(fields), shown.document, replaceable=shown.external)
        step.send(with_members(shown.document, Raw(kept)), external=shown.external)


def _is_of(shown: IndexEntry, workflow_id: str) -> bool:
    try:
        return text_of_member(shown.document, "workflowId") == workflow_id
    except msgspec.MsgspecError:
        return False
