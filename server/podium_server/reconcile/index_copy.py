"""Copies one index to another, entry by entry, each with its token: what is newer in the target stays."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple

import msgspec

from podium_core.errors import BackendUnavailableError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import IndexEntry, IndexWrite
from podium_core.ports import IndexTarget
from podium_server.reconcile.check_progress import CheckProgress

PAGE = 500

_ORDER = tuple(EntryKind)
_READ, _COPIED, _NEWER, _REFUSED = _COUNTERS = ("read", "copied", "newer", "refused")


class RefusedEntry(NamedTuple):
    """An entry that the target can't hold, and why."""

    kind: EntryKind
    id: str
    reason: str


class CopyReport(msgspec.Struct, frozen=True, kw_only=True):
    """How far a copy has come.

    Attributes:
        read: Entries that were read, in all.
        copied: Of these, those that the target has now.
        newer: Those of which it has a newer one, or had.
        refused_count: Those that it can't hold.
        refused: Those of them that came since the report before.
        resume_token: With which a copy goes on from here; empty after the last.
    """

    read: int
    copied: int
    newer: int
    refused_count: int
    refused: Sequence[RefusedEntry] = ()
    resume_token: str = ""


class IndexCopy:
    """Copies all kinds of entries. It can be repeated, and both indexes may be written meanwhile."""

    def __init__(self, source: IndexTarget, target: IndexTarget) -> None:
        """Args: from where, and to where."""
        self._source = source
        self._target = target

    async def run(self, resume_token: str = "") -> AsyncGenerator[CopyReport]:
        """Copy; a report for each page.

        Raises:
            InvalidArgumentError: The token isn't one of a copy.
            BackendUnavailableError: One of them can't be reached: go on with the token of the last report.
        """
        progress = CheckProgress(resume_token, (_ORDER[0].value, ""), _ORDER, _COUNTERS)
        place: tuple[str, ...] | None = progress.place
        while place is not None:
            kind, cursor = EntryKind(place[0]), place[1]
            heads, following = await self._source.scan(kind, cursor=cursor, limit=PAGE)
            refused = await self._copy(kind, [head.id for head in heads], progress)
            place = _next_place(kind, following)
            if place is None:
                await self._target.refresh()
            yield _report(progress, refused, place)

    async def _copy(
        self, kind: EntryKind, ids: Sequence[str], progress: CheckProgress
    ) -> list[RefusedEntry]:
        refused: list[RefusedEntry] = []
        while ids:
            found = await self._source.entries(kind, ids)
            ids = ids[len(found) :]
            refused += await self._send([entry for entry in found if entry is not None], progress)
        return refused

    async def _send(
        self, entries: Sequence[IndexEntry], progress: CheckProgress
    ) -> list[RefusedEntry]:
        answers = await self._target.send([_write(entry) for entry in entries])
        refused: list[RefusedEntry] = []
        for entry, answer in zip(entries, answers, strict=True):
            if answer.away:
                raise BackendUnavailableError("", answer.away)
            progress.add(_READ, 1)
            if answer.refused:
                refused.append(RefusedEntry(entry.kind, entry.id, answer.refused))
                progress.add(_REFUSED, 1)
            else:
                progress.add(_NEWER if answer.stale else _COPIED, 1)
        return refused


def _write(entry: IndexEntry) -> IndexWrite:
    return IndexWrite(
        kind=entry.kind,
        id=entry.id,
        token=entry.token,
        document=entry.document,
        external=entry.external,
    )


def _next_place(kind: EntryKind, cursor: str | None) -> tuple[str, ...] | None:
    if cursor is not None:
        return (kind.value, cursor)
    following = _ORDER[_ORDER.index(kind) + 1 :]
    return (following[0].value, "") if following else None


def _report(
    progress: CheckProgress, refused: Sequence[RefusedEntry], place: tuple[str, ...] | None
) -> CopyReport:
    return CopyReport(
        read=progress[_READ],
        copied=progress[_COPIED],
        newer=progress[_NEWER],
        refused_count=progress[_REFUSED],
        refused=refused,
        resume_token="" if place is None else progress.token(place),
    )
