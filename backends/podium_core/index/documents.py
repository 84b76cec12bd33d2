"""Summaries to the documents that Conductor stores in Elasticsearch, and back, without losing anything.

A document is read strictly first, which is fast. What the typed fields of a summary can't carry exactly (another type, a
date in another form, an unknown member) goes into its ``extra``, as in ``models.documents``, and is written back.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType
from msgspec.structs import fields

from podium_core.errors import CorruptRecordError
from podium_core.index.dates import iso_date, time_of_date
from podium_core.models import TaskSummary, WorkflowSummary
from podium_core.models.documents import DocumentType, require_utf8
from podium_core.models.json_members import members_of_object, object_of_members
from podium_core.models.task import Int32, Int64

Summary = TypeVar("Summary", bound=WorkflowSummary | TaskSummary)

RAW_JSON = "rawJSON"
"""The member of an archived workflow's document that holds the whole execution; no summary has it."""

_encode = msgspec.json.Encoder().encode

Text = str | UnsetType
Date = str | Int64 | UnsetType
Number = Int64 | UnsetType


class _WorkflowEntry(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A workflow's document, members in Conductor's order."""

    workflow_type: Text = UNSET
    version: Int32 | UnsetType = UNSET
    workflow_id: Text = UNSET
    correlation_id: Text = UNSET
    start_time: Date = UNSET
    update_time: Date = UNSET
    end_time: Date = UNSET
    status: Text = UNSET
    input: Text = UNSET
    output: Text = UNSET
    reason_for_incompletion: Text = UNSET
    execution_time: Number = UNSET
    event: Text = UNSET
    failed_reference_task_names: Text = UNSET
    external_input_payload_storage_path: Text = UNSET
    external_output_payload_storage_path: Text = UNSET
    priority: Int32 | UnsetType = UNSET
    failed_task_names: tuple[str, ...] = ()
    output_size: Number = UNSET
    input_size: Number = UNSET
    archived: bool | UnsetType = UNSET
    raw_json: Raw | UnsetType = msgspec.field(default=UNSET, name=RAW_JSON)


class _TaskEntry(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A task's document, members in Conductor's order."""

    workflow_id: Text = UNSET
    workflow_type: Text = UNSET
    correlation_id: Text = UNSET
    scheduled_time: Date = UNSET
    start_time: Date = UNSET
    update_time: Date = UNSET
    end_time: Date = UNSET
    status: Text = UNSET
    reason_for_incompletion: Text = UNSET
    execution_time: Number = UNSET
    queue_wait_time: Number = UNSET
    task_def_name: Text = UNSET
    task_type: Text = UNSET
    input: Text = UNSET
    output: Text = UNSET
    task_id: Text = UNSET
    external_input_payload_storage_path: Text = UNSET
    external_output_payload_storage_path: Text = UNSET
    workflow_priority: Int32 | UnsetType = UNSET
    domain: Text = UNSET
    archived: bool | UnsetType = UNSET
    raw_json: Raw | UnsetType = msgspec.field(default=UNSET, name=RAW_JSON)


class _DateDecoder:
    """Reads a date that ``iso_date`` would write just so; every other one is for ``extra``."""

    _value = msgspec.json.Decoder(str | Int64)

    def decode(self, raw: Raw) -> int:
        time = time_of_date(self._value.decode(raw))
        if time is None:
            raise msgspec.ValidationError("not a date of our form")
        return time


class EntryType(DocumentType[Summary]):
    """How summaries of one type are stored: a DocumentType whose times are ISO text."""

    def __init__(
        self, summary_type: type[Summary], entry_type: type[Any], resource_type: str
    ) -> None:
        super().__init__(summary_type, resource_type)
        self.dates = tuple(
            field.name for field in fields(entry_type) if field.type == Date and field.name
        )
        date_decoder: Any = _DateDecoder()
        for key, field in self.fields.items():
            if field.attribute in self.dates:
                self.fields[key] = msgspec.structs.replace(field, decoder=date_decoder)
        self._entry = msgspec.json.Decoder(entry_type)
        self._entry_of, self._summary_of = _converters(summary_type, entry_type, self.dates)

    def encode(self, record: Summary) -> bytes:
        """The document of a summary. A typed field that differs from its default wins over ``extra``."""
        document = _encode(self._entry_of(record))
        if record.extra is UNSET:
            return document
        members = members_of_object(document)
        for key, raw in members_of_object(record.extra).items():
            field = self.fields.get(key)
            if field is None or getattr(record, field.attribute) == field.default:
                members[key] = raw
        return object_of_members(members)

    def decode(self, document: bytes | str, name: str) -> Summary:
        """The summary of a document, but for its ``rawJSON``.

        Args:
            document: The JSON text.
            name: The entry's id, for the error.
        Raises:
            CorruptRecordError: The document isn't a JSON object.
        """
        with suppress(msgspec.ValidationError, msgspec.DecodeError, RecursionError):
            summary = self._summary_of(self._entry.decode(document))
            if summary is not None:
                return summary
        members = members_of(document, self.resource_type, name)
        members.pop(RAW_JSON, None)
        return self.from_members(members)


def members_of(document: bytes | str, resource_type: str, name: str) -> dict[str, Raw]:
    """The members of a document.

    Raises:
        CorruptRecordError: It isn't a JSON object in UTF-8.
    """
    if isinstance(document, bytes):
        require_utf8(document, resource_type, name)
    try:
        return members_of_object(document)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        raise CorruptRecordError(resource_type, name, str(error)) from error


def with_members(document: bytes, fields: Raw, name: str = "") -> bytes:
    """A document with some members set: those that are there keep their place, new ones come last, no other changes.

    Args:
        document: The document.
        fields: A JSON object.
        name: The entry's id, for the error.
    Raises:
        CorruptRecordError: The document isn't a JSON object.
    """
    members = members_of(document, "index entry", name)
    members.update(members_of(bytes(fields), "index entry", name))
    return object_of_members(members)


def _converters(
    summary_type: type[Summary], entry_type: type[Any], dates: tuple[str, ...]
) -> tuple[Callable[[Summary], Any], Callable[[Any], Summary | None]]:
    """Makes both ways between summary and entry: one call with everything in it, as in the protocol's codec."""
    names = [field.name for field in fields(entry_type) if field.name != "raw_json"]
    scope = {
        "Entry": entry_type,
        "Summary": summary_type,
        "UNSET": UNSET,
        "iso_date": iso_date,
        "time_of_date": time_of_date,
    }
    written = [
        f"iso_date(value) if (value := summary.{name}) is not UNSET else UNSET"
        if name in dates
        else f"summary.{name}"
        for name in names
    ]
    read = [
        f"{name}=time_of_date(value) if (value := entry.{name}) is not UNSET else UNSET"
        if name in dates
        else f"{name}=entry.{name}"
        for name in names
    ]
    misread = " or ".join(f"summary.{name} is None" for name in dates)
    source = f"""
def entry_of(summary):
    return Entry({", ".join(written)})

def summary_of(entry):
    summary = Summary({", ".join(read)})
    return None if {misread} else summary
"""
    exec(compile(source, f"<entries of {summary_type.__name__}>", "exec"), scope)  # noqa: S102 - our own text
    entry_of: Any = scope["entry_of"]
    summary_of: Any = scope["summary_of"]
    return entry_of, summary_of


WORKFLOW_ENTRY = EntryType(WorkflowSummary, _WorkflowEntry, "workflow entry")
TASK_ENTRY = EntryType(TaskSummary, _TaskEntry, "task entry")
