"""The checks of one script, as ``apply.lua`` reads them, and where it is put what the script finds if one of them fails."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from hashlib import sha1
from typing import Any

from podium_backends.redis.connection.pipe import Argument
from podium_backends.redis.executions.key_list import KeyList

# Where something that is found belongs: a mapping, and the key in it.
Place = tuple[MutableMapping[Any, Any] | dict[Any, Any], Any]


class Checks:
    """Checks in the order in which the script makes them.

    Attributes:
        names: The keys of the script.
        ask_queues: A receipt is asked for.
    """

    def __init__(self) -> None:
        self.names = KeyList()
        self.ask_queues = False
        self._arguments: list[Argument] = []
        self._places: list[Place | Sequence[Place]] = []

    def arguments(self) -> list[Argument]:
        """How many, and all of them."""
        return [len(self._places), *self._arguments]

    def fill(self, found: Sequence[Any]) -> None:
        """Put what a script found where it belongs."""
        for place, value in zip(self._places, found, strict=True):
            if isinstance(place, tuple):
                place[0][place[1]] = value
            else:
                for (mapping, key), one in zip(place, value, strict=True):
                    mapping[key] = one

    # what is assumed

    def none(self, documents: Mapping[str, Place]) -> None:
        """None of these keys is there."""
        self._arguments += ("none", len(documents), *map(self.names.number, documents))
        self._places.append(list(documents.values()))

    def free(self, key: str, fields: Mapping[str, Place]) -> None:
        """None of these fields is in the hash."""
        self._arguments += ("free", self.names.number(key), len(fields), *fields)
        self._places.append(list(fields.values()))

    def there(self, key: str, place: Place) -> None:
        """The key is there."""
        self._arguments += ("there", self.names.number(key))
        self._places.append(place)

    def facts(
        self,
        key: str,
        facts_key: str,
        field: str,
        place: Place,
        *,
        compare: str,
        stamp: int,
        rest: str = "",
        forbidden_status: str = "",
    ) -> None:
        """The document is the one that Podium wrote last, with such facts.

        Args:
            key: The document's.
            facts_key: Of the hash of facts.
            field: The document's in it.
            place: Where the document belongs, if it is another.
            compare: ``<`` for a stamp below ``stamp``, ``=`` for this one.
            stamp: What the stored stamp is compared with.
            rest: The facts that are equal; empty: any.
            forbidden_status: A status that it doesn't have; empty: it may have any.
        """
        numbers = (self.names.number(key), self.names.number(facts_key))
        self._arguments += ("facts", *numbers, field, compare, stamp, forbidden_status, rest)
        self._places.append(place)

    # what was seen

    def document(self, key: str, text: bytes | None, place: Place) -> None:
        """The document is this one still; None: it isn't there."""
        digest = "" if text is None else sha1(text, usedforsecurity=False).hexdigest()
        self._arguments += ("document", self.names.number(key), digest)
        self._places.append(place)

    def text(self, key: str, text: bytes | None, place: Place) -> None:
        """The short text is this one still; None: it isn't there."""
        self._arguments += ("text", self.names.number(key), text or b"")
        self._places.append(place)

    def begins(self, key: str, head: str, place: Place) -> None:
        """The text begins so."""
        self._arguments += ("begins", self.names.number(key), head)
        self._places.append(place)

    def field(self, key: str, field: str, value: bytes | None, place: Place) -> None:
        """The field of a hash has this value still; None: it isn't there."""
        self._arguments += ("field", self.names.number(key), field, value or b"")
        self._places.append(place)

    # what the script has to find out: its answer is b"1" or b"0"

    def event(self, keys: tuple[str, str], id_: str, is_there: bool, place: Place) -> None:
        """An event execution is there, and hasn't ended."""
        self._arguments += ("event", *map(self.names.number, keys), id_, int(is_there))
        self._places.append(place)

    def upload(self, keys: tuple[str, str], member: str, is_free: bool, place: Place) -> None:
        """The payload deletion of an upload is there, and unclaimed."""
        self._arguments += ("upload", *map(self.names.number, keys), member, int(is_free))
        self._places.append(place)

    def receipt(
        self, queue: Sequence[str], message_id: str, receipt: str, is_held: bool, place: Place
    ) -> None:
        """A message is leased under this receipt."""
        self.ask_queues = True
        self._arguments += ("receipt", self.names.row(queue), message_id, receipt, int(is_held))
        self._places.append(place)
