"""The archive in an entry survives every write but an explicit removal, and the stored document of a further run."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, UnsetType

from podium_core.index.changes import EntryKind
from podium_core.index.documents import RAW_JSON, with_members
from podium_core.models.json_members import members_of_object
from podium_core.models.json_text import raw_bytes

ARCHIVED = "archived"
ARCHIVED_KINDS = frozenset({EntryKind.WORKFLOW, EntryKind.TASK})

_TRUE = Raw(b"true")
_encode = msgspec.json.Encoder().encode


class _ArchiveMembers(msgspec.Struct):
    """The two members of an archived entry, as Conductor sets them."""

    raw_json: Raw | UnsetType = msgspec.field(default=UNSET, name=RAW_JSON)
    archived: Raw | UnsetType = UNSET

    @property
    def has_text(self) -> bool:
        return self.raw_json is not UNSET and bytes(memoryview(self.raw_json)[:1]) == b'"'

    @property
    def is_archived(self) -> bool:
        return self.archived is not UNSET and raw_bytes(self.archived) == b"true"


_archive = msgspec.json.Decoder(_ArchiveMembers)
_NONE = _ArchiveMembers()


def has_archive(document: bytes) -> bool:
    """Whether the document of an entry holds an archive: a text as ``rawJSON``, or ``archived: true``."""
    archive = _archive_of(document)
    return archive.has_text or archive.is_archived


def document_with_archive(written: bytes, before: bytes, *, replaceable: bool) -> bytes:
    """What is written, with the archive that was there before it.

    Args:
        written: A whole document, or the fields to set.
        before: The document until then, or the fields that were to be set.
        replaceable: The archive came through IndexService: a ``rawJSON`` that is written replaces it.
    Raises:
        CorruptRecordError: What is written isn't a JSON object.
    """
    archive = _archive_of(before)
    if not (archive.has_text or archive.is_archived):
        return written
    brought = _archive_of(written)
    members: dict[str, Raw] = {}
    gives_way = replaceable and brought.has_text
    if archive.raw_json is not UNSET and archive.has_text and not gives_way:
        members[RAW_JSON] = archive.raw_json
    if archive.is_archived and not brought.is_archived:
        members[ARCHIVED] = _TRUE
    return with_members(written, Raw(_encode(members))) if members else written


def put_onto(before: bytes, written: bytes, *, external: bool) -> tuple[bytes, bool]:
    """What a put through IndexService makes of an entry: its document, and whether the entry is external then.

    Args:
        before: The document until then.
        written: The document that is put.
        external: The entry came through IndexService. One that holds an archive of Podium's own stays Podium's.
    Raises:
        CorruptRecordError: As ``document_with_archive``.
    """
    kept = document_with_archive(written, before, replaceable=external)
    return kept, external or not has_archive(before)


def _archive_of(document: bytes) -> _ArchiveMembers:
    try:
        return _archive.decode(document)
    except (msgspec.MsgspecError, RecursionError):
        pass
    try:
        members = members_of_object(document)
    except (msgspec.MsgspecError, RecursionError):
        return _NONE  # what can't be read holds no archive
    return _ArchiveMembers(members.get(RAW_JSON, UNSET), members.get(ARCHIVED, UNSET))
