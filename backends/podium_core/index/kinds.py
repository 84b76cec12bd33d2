"""What is known of each kind of entry, whichever index holds it: its id, its fields, and its order."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from podium_core.index.changes import EntryKind
from podium_core.query.fields import TASK_FIELDS, WORKFLOW_FIELDS, Field


class SearchedKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind whose entries are searched.

    Attributes:
        id_field: The field that is the entry's id.
        newest: The field by which entries are ordered, the latest first, where nothing else is asked for.
        fields: All that queries can name.
    """

    id_field: str
    newest: str
    fields: Mapping[str, Field]


class LookupKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind whose entries are only looked up by their owner, oldest first.

    Attributes:
        owner: The member that holds the owner.
        created: The member that holds the time, in milliseconds.
    """

    owner: str
    created: str


SEARCHED: Mapping[EntryKind, SearchedKind] = {
    EntryKind.WORKFLOW: SearchedKind(
        id_field="workflowId", newest="startTime", fields=WORKFLOW_FIELDS
    ),
    EntryKind.TASK: SearchedKind(id_field="taskId", newest="updateTime", fields=TASK_FIELDS),
}

LOOKED_UP: Mapping[EntryKind, LookupKind] = {
    EntryKind.TASK_LOG: LookupKind(owner="taskId", created="createdTime"),
    EntryKind.EVENT: LookupKind(owner="event", created="created"),
    EntryKind.MESSAGE: LookupKind(owner="queue", created="created"),
}
