"""The members of a document that an entry is found by, in the order of the layout's fields."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw

from podium_backends.sqlite.index.layout import Layout
from podium_backends.sqlite.index.values import UnindexableError
from podium_core.query.fields import UNSEARCHABLE, FieldType
from podium_core.query.text_fields import without_half_pairs

# As members are in almost all documents. So typed, two values that are equal are the same: in general, true equals 1.
_TYPES: dict[FieldType, Any] = {
    FieldType.KEYWORD: str | None,
    FieldType.NUMBER: int | None,
    FieldType.BOOLEAN: bool | None,
    FieldType.DATE: str | int | None,
    FieldType.TEXT: str | list[str] | None,
}

_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode
_decode = msgspec.json.Decoder().decode


class Members:
    """Reads the members of documents of one kind: those of the columns first, then those of the texts."""

    def __init__(self, layout: Layout) -> None:
        fields = [layout.fields[name] for name in (*layout.columns, *layout.texts)]
        types = {field.key: _TYPES[field.type] for field in fields}
        types |= dict.fromkeys(UNSEARCHABLE, Any)
        # Not null, which is not the id.
        types[layout.id_field] = str
        self._keys = [field.key for field in fields]
        self._id_field = layout.id_field
        self._id_at = self._keys.index(layout.id_field)
        self._decoder = msgspec.json.Decoder(
            # Unknown members have to be read, too: nothing that isn't valid may be in them.
            msgspec.defstruct(
                "Plain",
                [(key, type_, None) for key, type_ in types.items()],
                forbid_unknown_fields=True,
            )
        )
        self._in_order = attrgetter(*self._keys)

    def plain(self, document: bytes | str, id_: str) -> tuple[Any, ...] | None:
        """The members, if the document is as almost all are: equal ones are the same."""
        try:
            found: tuple[Any, ...] = self._in_order(self._decoder.decode(document))
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors, too
            return None
        if found[self._id_at] is None:
            return (*found[: self._id_at], id_, *found[self._id_at + 1 :])
        return found if found[self._id_at] == id_ else None

    def of_any(self, document: bytes | str, id_: str) -> tuple[Any, ...]:
        """The members of any document.

        Raises:
            UnindexableError: It isn't a JSON object, or its id is another.
        """
        members = members_of(document, self._keys)
        if members.setdefault(self._id_field, id_) != id_:
            raise UnindexableError(f"{self._id_field}: not the id of the entry")
        return tuple(map(members.get, self._keys))


def members_of(document: bytes | str, keys: Iterable[str]) -> dict[str, Any]:
    """The members of these keys that are there, but for values that Python can't hold.

    Raises:
        UnindexableError: It isn't a JSON object.
    """
    found = _raw_members(document)
    members: dict[str, Any] = {}
    for key in keys:
        if key in found:
            with suppress(ValueError, RecursionError):  # msgspec's errors are ValueErrors, too
                members[key] = _decode(found[key])
    return members


def _raw_members(document: bytes | str) -> dict[str, Raw]:
    try:
        return _decode_members(document)
    except msgspec.ValidationError as error:
        raise UnindexableError("not a JSON object") from error
    except (msgspec.DecodeError, RecursionError) as error:
        whole = without_half_pairs(document if isinstance(document, str) else document.decode())
        if whole != document:
            with suppress(msgspec.DecodeError):
                return _decode_members(whole)
        raise UnindexableError(f"not valid JSON: {error}") from error
