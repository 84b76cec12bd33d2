"""The names of Conductor's indices, and of the time slices of logs, events and messages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

from podium_core.index import EntryKind

PREFIX_PATTERN = r"[a-z0-9][a-z0-9._-]{0,200}"
"""What the prefix of index names may be."""

SLICED = frozenset({EntryKind.TASK_LOG, EntryKind.EVENT, EntryKind.MESSAGE})
"""Kinds whose entries are in an index for each week of a month."""


class IndexNames:
    """Index names with one prefix: ``conductor_workflow``, ``conductor_event_20261104``."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def index(self, kind: EntryKind, time_ms: int) -> str:
        """The index that entries of a kind go to at a time in milliseconds since the epoch."""
        name = f"{self.prefix}_{kind}"
        return f"{name}_{slice_of(time_ms)}" if kind in SLICED else name

    def indices(self, kind: EntryKind) -> str:
        """All indices with entries of a kind, as requests name them."""
        return ",".join(self.patterns(kind))

    @property
    def all_indices(self) -> str:
        """The same of all kinds."""
        return ",".join(self.indices(kind) for kind in EntryKind)

    def patterns(self, kind: EntryKind) -> list[str]:
        """The patterns of names that an index of a kind can have, and hardly one of someone else's."""
        name = f"{self.prefix}_{kind}"
        # A slice begins with a year.
        return [f"{name}_1*", f"{name}_2*"] if kind in SLICED else [name]

    def has(self, index: str) -> bool:
        """Whether an index is one of these, by its name."""
        return any(
            fnmatchcase(index, pattern) for kind in EntryKind for pattern in self.patterns(kind)
        )

    @property
    def template_prefix(self) -> str:
        """What the names of our templates begin with: not as Conductor's ``template_event``."""
        return f"podium_{self.prefix}_"

    def template(self, kind: EntryKind) -> str:
        """The name of the template for indices of a kind."""
        return f"{self.template_prefix}{kind}"


def slice_of(time_ms: int) -> str:
    """The time slice, Java's ``yyyyMMWW`` in GMT for locale ``en``: weeks begin on Sunday, a month's first may be short."""
    day = datetime.fromtimestamp(time_ms / 1000, UTC).date()
    return f"{day:%Y%m}{_week_of_month(day):02}"


def _week_of_month(day: date) -> int:
    days_before_first = day.replace(day=1).isoweekday() % 7
    return (day.day - 1 + days_before_first) // 7 + 1
