"""Which column holds which field of a workflow's and a task's entry: the names of the schema, made from the fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from podium_core.index.changes import EntryKind
from podium_core.index.kinds import SEARCHED
from podium_core.query.fields import Field, FieldType

# In ``words``: the values of all fields that aren't TEXT.
EXACT = "exact"
# But for this one, which each update of a record changes: found by its column, which has an index, so that an update that
# changes nothing else leaves the words alone.
UNTOKENED = "updateTime"


class Layout(NamedTuple):
    """The tables of one kind of entry.

    Attributes:
        table: What is compared and sorted by, in columns.
        documents: The documents.
        words: The words, in FTS5.
        id_field: The field that is the entry's id.
        newest: The field by which entries are ordered, the latest first, if nothing else is asked for.
        by_newest: The index of its column.
        columns: The columns of the fields that aren't TEXT, by field.
        texts: The columns in ``words`` of the TEXT fields, by field.
        fields: All of them.
    """

    kind: EntryKind
    table: str
    documents: str
    words: str
    id_field: str
    newest: str
    by_newest: str
    columns: Mapping[str, str]
    texts: Mapping[str, str]
    fields: Mapping[str, Field]

    @property
    def id_column(self) -> str:
        """The column of the entry's id."""
        return self.columns[self.id_field]

    def present_bit(self, text: str) -> int:
        """The bit in ``texts`` that says whether an entry has this TEXT field."""
        return 1 << 2 * list(self.texts).index(text)

    def worded_bit(self, text: str) -> int:
        """The bit in ``texts`` that says whether this TEXT field has a word at all."""
        return self.present_bit(text) << 1


def _column(field: Field) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", field.key).lower()


def _layout(kind: EntryKind) -> Layout:
    searched = SEARCHED[kind]
    fields = searched.fields
    return Layout(
        kind=kind,
        table=f"{kind}s",
        documents=f"{kind}_documents",
        words=f"{kind}_words",
        id_field=searched.id_field,
        newest=searched.newest,
        by_newest=f"{kind}s_by_{searched.newest.removesuffix('Time')}",
        columns={
            field.name: _column(field)
            for field in fields.values()
            if field.type is not FieldType.TEXT
        },
        texts={
            field.name: _column(field) for field in fields.values() if field.type is FieldType.TEXT
        },
        fields=fields,
    )


WORKFLOWS = _layout(EntryKind.WORKFLOW)
TASKS = _layout(EntryKind.TASK)
LAYOUTS: Mapping[EntryKind, Layout] = {layout.kind: layout for layout in (WORKFLOWS, TASKS)}
