"""Compares the index with the documents it is made from, and marks differences for the indexer; sends nothing itself.

It walks documents and looks up their entries by id, then walks entries and looks up their documents: each walk is in the
order of its own store. It reports only stable differences: no pending mark, the same document in both reads, and the entry
still different, read after the mark was looked for. A document that is written meanwhile has a mark of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from enum import Enum, auto

import msgspec

from podium_core.index.changes import EntryKind
from podium_core.index.entries import EntryHead
from podium_core.index.marks import Verify, encode_mark, outbox_kind
from podium_core.outbox import NewEntry
from podium_core.ports import IndexTarget, Outbox, StoredDocuments
from podium_core.reconcile import IndexDifference, IndexProblem, IndexProgress, IndexReport
from podium_server.reconcile.check_progress import CheckProgress
from podium_server.reconcile.index_pages import IndexPage, IndexPages, Pair, Seen

# First the documents of a kind, each with its entry; then the entries that have no document.
STEPS = {
    "workflow": EntryKind.WORKFLOW,
    "workflow_entries": EntryKind.WORKFLOW,
    "task": EntryKind.TASK,
    "task_entries": EntryKind.TASK,
}
_ORDER = tuple(STEPS)
PAUSE_SECONDS = 0.2
# Looked at again at once.
_SLICE = 50

_COUNTERS = IndexProgress.__struct_fields__
_MARKED = "marked"
_VERIFY = encode_mark(Verify())


class _Aim(Enum):
    VERIFY = auto()
    REPAIR = auto()
    REBUILD = auto()


class _FoundDifferences(msgspec.Struct):
    """The result of a page: entries that differ, and entries to be marked."""

    differences: Sequence[IndexDifference]
    marks: Sequence[Pair]


class IndexCheck:
    """Checks, repairs and rebuilds an index. Every run raises ``InvalidArgumentError`` where its token isn't one of ours."""

    def __init__(
        self,
        source: StoredDocuments,
        target: IndexTarget,
        outbox: Outbox,
        wake_indexer: Callable[[], None],
        *,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._source = source
        self._target = target
        self._outbox = outbox
        self._wake_indexer = wake_indexer
        self._pause_seconds = pause_seconds

    def verify(self, resume_token: str = "") -> AsyncGenerator[IndexReport]:
        """Report what differs."""
        return self._reports(resume_token, _Aim.VERIFY)

    def repair(
        self, resume_token: str = "", *, rebuild: bool = False
    ) -> AsyncGenerator[IndexReport]:
        """Report what differs and mark it; with ``rebuild`` mark everything without comparing."""
        return self._reports(resume_token, _Aim.REBUILD if rebuild else _Aim.REPAIR)

    async def _reports(self, token: str, aim: _Aim) -> AsyncGenerator[IndexReport]:
        progress = CheckProgress(token, (_ORDER[0], ""), STEPS, (*_COUNTERS, _MARKED))
        pages = IndexPages(self._source, self._target)
        place: tuple[str, ...] | None = progress.place
        while place is not None:
            step, cursor = place
            kind = STEPS[step]
            page = await _next_page(pages, step, cursor)
            found = await self._found(pages, kind, page.pairs, aim)
            await self._mark(kind, found.marks)
            progress.add("checked", len(page.pairs))
            progress.add_each(difference.problem.value for difference in found.differences)
            progress.add(_MARKED, len(found.marks))
            place = _next_place(step, page.cursor)
            yield _report(progress, found, place)

    async def _found(
        self, pages: IndexPages, kind: EntryKind, pairs: Sequence[Pair], aim: _Aim
    ) -> _FoundDifferences:
        problems = {pair.id: _problem(pair.seen, pair.head) for pair in pairs}
        suspects = [pair for pair in pairs if problems[pair.id] in _MENDED]
        if aim is _Aim.REBUILD:
            confirmed: dict[str, IndexProblem] = {}
            marks = [pair for pair in pairs if _is_rebuilt(pair)]
        else:
            confirmed = await self._confirm(pages, kind, suspects)
            marks = [pair for pair in suspects if pair.id in confirmed]
        # What can't be read can't be indexed either: its own mark, if it has one, was set aside for that, and tells nothing.
        unreadable = IndexProblem.UNREADABLE
        confirmed |= {id_: unreadable for id_, problem in problems.items() if problem is unreadable}
        differences = [IndexDifference(kind, id_, confirmed[id_]) for id_ in sorted(confirmed)]
        return _FoundDifferences(differences, [] if aim is _Aim.VERIFY else marks)

    async def _confirm(
        self, pages: IndexPages, kind: EntryKind, suspects: Sequence[Pair]
    ) -> dict[str, IndexProblem]:
        """The entries that still differ when they are read again."""
        left = await self._without_marks(kind, suspects)
        confirmed: dict[str, IndexProblem] = {}
        if left:
            await asyncio.sleep(self._pause_seconds)
        while left:
            # The document is known from before; then the mark, then the entry, then the document again. Entry before mark
            # would blame an entry whose mark was carried out between the two.
            part = await self._without_marks(kind, left[:_SLICE])
            heads = await self._target.heads(kind, [pair.id for pair in part])
            seen = await pages.seen(kind, [(pair.id, pair.owner) for pair in part])
            for pair, head in zip(part, heads, strict=True):
                problem = _problem(pair.seen, head)
                if problem is not None and seen.get(pair.id) == pair.seen:
                    confirmed[pair.id] = problem
            left = left[_SLICE:]
        return confirmed

    async def _without_marks(self, kind: EntryKind, pairs: Sequence[Pair]) -> Sequence[Pair]:
        if not pairs:
            return pairs
        ids = [(pair.id, pair.owner) for pair in pairs]
        waiting = await self._outbox.waiting_ids(outbox_kind(kind), ids)
        return [pair for pair in pairs if pair.id not in waiting]

    async def _mark(self, kind: EntryKind, pairs: Sequence[Pair]) -> None:
        if pairs:
            marks = [
                NewEntry(
                    kind=outbox_kind(kind), id=pair.id, owner=pair.owner or pair.id, body=_VERIFY
                )
                for pair in pairs
            ]
            await self._outbox.put(marks)
            self._wake_indexer()


# What a mark mends.
_MENDED = frozenset({IndexProblem.MISSING, IndexProblem.STALE, IndexProblem.SURPLUS})


def _problem(seen: Seen | None, head: EntryHead | None) -> IndexProblem | None:
    if seen is None:
        # An archived entry is the only copy of what it holds; an external one's execution may live elsewhere.
        kept = head is None or head.archived or head.external
        return None if kept else IndexProblem.SURPLUS
    if seen.removing:
        return None  # the entry is the removal's to write
    if seen.unreadable:
        return IndexProblem.UNREADABLE
    if head is None:
        return IndexProblem.MISSING
    return None if head.digest == seen.digest else IndexProblem.STALE


def _is_rebuilt(pair: Pair) -> bool:
    if pair.seen is not None:
        return not (pair.seen.removing or pair.seen.unreadable)
    return _problem(None, pair.head) is not None


async def _next_page(pages: IndexPages, step: str, cursor: str) -> IndexPage:
    kind = STEPS[step]
    if step == kind.value:
        return await pages.documents(kind, cursor)
    return await pages.entries(kind, cursor)


def _next_place(step: str, cursor: str | None) -> tuple[str, ...] | None:
    if cursor is not None:
        return (step, cursor)
    following = _ORDER[_ORDER.index(step) + 1 :]
    return (following[0], "") if following else None


def _report(
    progress: CheckProgress, found: _FoundDifferences, place: tuple[str, ...] | None
) -> IndexReport:
    return IndexReport(
        progress=IndexProgress(**{name: progress[name] for name in _COUNTERS}),
        differences=tuple(found.differences),
        resume_token="" if place is None else progress.token(place),
        done=place is None,
        marked=progress[_MARKED],
    )
