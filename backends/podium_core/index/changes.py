"""What is written to an index: changes of single entries, each by its kind and id."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class EntryKind(StrEnum):
    """What an entry is about."""

    WORKFLOW = "workflow"
    TASK = "task"
    TASK_LOG = "task_log"
    EVENT = "event"
    MESSAGE = "message"


class Put(msgspec.Struct, frozen=True, tag="put", omit_defaults=True):
    """Store the whole entry, in place of what is there; but an archive that is there stays (``index.kept_archive``).

    Attributes:
        document: JSON, as Conductor stores it in Elasticsearch.
        removed: The entry was removed before, explicitly: the archive in it goes. With a workflow's id only that of a
            task of this workflow; empty: any; None: it was not removed.
    """

    document: msgspec.Raw
    removed: str | None = None


class Merge(msgspec.Struct, frozen=True, tag="merge"):
    """Set some members of an entry; the others stay, and an archive too. With ``workflow_id`` only a task's entry of it."""

    fields: msgspec.Raw
    workflow_id: str = ""


class Remove(msgspec.Struct, frozen=True, tag="remove"):
    """Remove an entry. With ``workflow_id`` only a task's entry of this workflow."""

    workflow_id: str = ""


IndexAction = Put | Merge | Remove


class IndexChange(msgspec.Struct, frozen=True):
    """One change of one entry."""

    kind: EntryKind
    id: str
    action: IndexAction


class IndexOutcome(StrEnum):
    """What became of a change."""

    WRITTEN = "written"
    ABSENT = "absent"  # a Merge or Remove found no entry, or one of another workflow
    ACCEPTED = "accepted"  # Wait.ACCEPTED: not known yet
