"""Index marks: the outbox entry for an entry of the index, and how a newer mark combines with a waiting one.

A mark says what to do, not with which content: the stored document is read when the mark is carried out, so that many
writes of one document cost one indexing. Only what came through IndexService carries its body.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from podium_core.index.changes import EntryKind, IndexChange, Merge, Put, Remove
from podium_core.index.documents import with_members
from podium_core.index.kept_archive import document_with_archive
from podium_core.models.json_members import (
    Members,
    members_of_object,
    object_of_members,
    text_of_member,
)
from podium_core.models.json_text import raw_bytes

_PREFIX = "index_"

# What the drainer hands to the indexer.
INDEX_KINDS = tuple(_PREFIX + kind.value for kind in EntryKind)


class Upsert(msgspec.Struct, frozen=True, tag="upsert", omit_defaults=True):
    """Index the stored document; if that is gone, do nothing. ``fields`` are set on top of it."""

    fields: Raw = Raw(b"")


class Verify(msgspec.Struct, frozen=True, tag="verify", omit_defaults=True):
    """Index the stored document; if that is gone, delete the entry.

    Not one that is archived, which is the only copy, nor one that came through IndexService, whose execution may live
    elsewhere. ``fields`` are set on top of the entry that stays.

    Attributes:
        removes_archive: An explicit removal: if the document is gone, the entry goes, archived or not.
        workflow_id: With ``removes_archive`` only a task's entry of this workflow; empty: any entry.
    """

    fields: Raw = Raw(b"")
    removes_archive: bool = False
    workflow_id: str = ""


IndexMark = Upsert | Verify | Put | Merge | Remove

# By far the most marks: no body at all.
UPSERT = Upsert()
UPSERT_BODY = b""


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(IndexMark)
_BODIES = ("document", "fields")
_NULL = Raw(b"null")


def outbox_kind(kind: EntryKind) -> str:
    """The outbox's name for marks of entries of this kind."""
    return _PREFIX + kind.value


def entry_kind(outbox_kind_: str) -> EntryKind:
    """The kind of entry that marks of this outbox kind are about."""
    return EntryKind(outbox_kind_.removeprefix(_PREFIX))


def owner_of(change: IndexChange) -> str:
    """The owner of the mark for a change (``OutboxEntry.owner``): the same as that of the document's own mark."""
    if change.kind is not EntryKind.TASK:
        return change.id
    if isinstance(change.action, Put):
        return text_of_member(change.action.document, "workflowId") or change.id
    return change.action.workflow_id or change.id


def encode_mark(mark: IndexMark) -> bytes:
    """The body of an outbox entry."""
    return UPSERT_BODY if mark == UPSERT else _encode(mark)


def decode_mark(body: bytes) -> IndexMark:
    """The mark of an outbox entry's body."""
    if not body:
        return UPSERT
    try:
        mark: IndexMark = _decoder.decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mark = _mark_of_members(members_of_object(body))
    return mark


def _mark_of_members(members: Members) -> IndexMark:
    bodies = {key: members.pop(key) for key in _BODIES if key in members}
    mark: IndexMark = _decoder.decode(object_of_members(members | dict.fromkeys(bodies, _NULL)))
    return msgspec.structs.replace(mark, **bodies)


def combined_mark(waiting: IndexMark | None, newer: IndexMark) -> IndexMark:
    """The one mark that does what both would have done, one after the other."""
    if waiting is None:
        return newer
    if isinstance(newer, Merge | Remove) and _is_of_another(waiting, newer.workflow_id):
        return waiting
    match newer:
        case Verify():
            return newer if newer.removes_archive else waiting
        case Merge():
            return _merge_onto(waiting, newer)
        case Put():
            return _put_onto(waiting, newer)
        case _:
            return newer


def _is_of_another(waiting: IndexMark, workflow_id: str) -> bool:
    """Whether the entry that is to be put is a task's of another workflow than the one that a change is about."""
    if not workflow_id or not isinstance(waiting, Put):
        return False
    return text_of_member(waiting.document, "workflowId") != workflow_id


def _put_onto(waiting: IndexMark, put: Put) -> Put:
    """The put, and of what waits the archive that it would have left in the entry, or the removal of one."""
    match waiting:
        case Remove(workflow_id=workflow_id):
            return replace(put, removed=workflow_id)
        case Verify(removes_archive=True, workflow_id=workflow_id):
            return replace(put, removed=workflow_id)
        case Put(document=before, removed=removed):
            return Put(_with_archive_of(put.document, before), removed)
        case Merge(fields=fields) | Upsert(fields=fields) | Verify(fields=fields):
            return Put(_with_archive_of(put.document, fields))


def _merge_onto(waiting: IndexMark, merge: Merge) -> IndexMark:
    match waiting:
        case Put(document=document):
            fields = _with_archive_of(merge.fields, document)
            return replace(waiting, document=Raw(with_members(raw_bytes(document), fields)))
        case Remove():
            return waiting  # there is nothing to set a field of
        case Merge() | Upsert() | Verify():
            return replace(waiting, fields=_both(waiting.fields, merge.fields))


def _both(first: Raw, second: Raw) -> Raw:
    return Raw(with_members(raw_bytes(first), _with_archive_of(second, first))) if first else second


def _with_archive_of(written: Raw, before: Raw) -> Raw:
    # The waiting mark came through IndexService, too.
    return Raw(document_with_archive(raw_bytes(written), raw_bytes(before), replaceable=True))
