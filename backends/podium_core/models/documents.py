"""Stored JSON documents to records and back, without losing anything.

A document is decoded strictly first, which is fast. What the typed fields can't carry exactly (another type, null, out of
range, an unknown enum text, an unknown field) goes into the record's ``extra`` on a slower path, and is written back.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Generic, TypeVar, get_args

import msgspec
from msgspec import UNSET, Raw
from msgspec.structs import FieldInfo, fields, force_setattr

from podium_core.errors import CorruptRecordError
from podium_core.models.event_execution import EventExecution
from podium_core.models.json_members import members_of_object, object_of_members
from podium_core.models.poll_data import PollData
from podium_core.models.task import Task
from podium_core.models.workflow import Workflow

Record = TypeVar("Record", bound=msgspec.Struct)

EXTRA_KEY = "podium:extra"
_encode = msgspec.json.Encoder().encode


class _DocumentField(msgspec.Struct, frozen=True):
    attribute: str
    decoder: msgspec.json.Decoder[Any]
    default: Any
    verbatim: bool


def _field(info: FieldInfo) -> _DocumentField:
    made = info.default is msgspec.NODEFAULT
    return _DocumentField(
        info.name,
        msgspec.json.Decoder(info.type),
        info.default_factory() if made else info.default,
        verbatim=info.type is Raw or Raw in get_args(info.type),
    )


class DocumentType(Generic[Record]):
    """How records of one type are stored as JSON documents."""

    def __init__(self, record_type: type[Record], resource_type: str) -> None:
        self.record_type = record_type
        self.resource_type = resource_type
        self._strict = msgspec.json.Decoder(record_type)
        self.fields = {
            info.encode_name: _field(info) for info in fields(record_type) if info.name != "extra"
        }

    def decode(self, document: bytes | str, name: str) -> Record:
        """The record of a stored document.

        Args:
            document: The JSON text.
            name: The record's id, for the error.
        Raises:
            CorruptRecordError: The document isn't a JSON object in UTF-8.
        """
        if isinstance(document, bytes):
            require_utf8(document, self.resource_type, name)
        with suppress(msgspec.ValidationError, msgspec.DecodeError, RecursionError):
            record = self._strict.decode(document)
            # A member named as the attribute is: unknown, as any other.
            if getattr(record, "extra", UNSET) is UNSET:
                return record
        return self._decode_leniently(document, name)

    def _decode_leniently(self, document: bytes | str, name: str) -> Record:
        try:
            members = members_of_object(document)
        except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
            raise CorruptRecordError(self.resource_type, name, str(error)) from error
        return self.from_members(members)

    def from_members(self, members: dict[str, Raw]) -> Record:
        """The record of a JSON object's members; what no typed field can carry goes into ``extra``."""
        values: dict[str, Any] = {}
        extra: dict[str, Raw] = {}
        for key, raw in members.items():
            field = self.fields.get(key)
            if field is None or not self._carry(field, raw, values):
                extra[key] = raw
        if extra:
            values["extra"] = Raw(object_of_members(extra))
        return self.record_type(**values)

    @staticmethod
    def _carry(field: _DocumentField, raw: Raw, values: dict[str, Any]) -> bool:
        if field.verbatim:
            values[field.attribute] = raw
            return True
        try:
            values[field.attribute] = field.decoder.decode(raw)
        except (msgspec.ValidationError, msgspec.DecodeError):
            return False
        return True

    def encode(self, record: Record) -> bytes:
        """The JSON document of a record. A typed field that differs from its default wins over ``extra``."""
        extra = getattr(record, "extra", UNSET)
        if extra is UNSET:
            return _encode(record)
        plain = msgspec.structs.replace(record)
        force_setattr(plain, "extra", UNSET)
        members = members_of_object(_encode(plain))
        for key, raw in members_of_object(extra).items():
            field = self.fields.get(key)
            if field is None or getattr(record, field.attribute) == field.default:
                members[key] = raw
        return object_of_members(members)


def require_utf8(document: bytes, resource_type: str, name: str) -> bytes:
    """The bytes of a stored text, once they are known to be UTF-8: a JSON decoder doesn't look at all of them.

    Raises:
        CorruptRecordError: They aren't.
    """
    if not document.isascii():
        try:
            document.decode()
        except UnicodeDecodeError as error:
            message = f"byte {error.start} isn't UTF-8"
            raise CorruptRecordError(resource_type, name, message) from None
    return document


TASK = DocumentType(Task, "task")
WORKFLOW = DocumentType(Workflow, "workflow")
EVENT_EXECUTION = DocumentType(EventExecution, "event execution")
POLL_DATA = DocumentType(PollData, "poll data")
