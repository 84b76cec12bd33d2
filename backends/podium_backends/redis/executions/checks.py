"""The checks of one script, as ``apply.lua`` reads them, and where it is put what the script finds if one of them fails."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from hashlib import sha1
from typing import Any

# What a check is about: the mapping of ``Seen`` into which the script's answer goes, and the key there.
Need = tuple[MutableMapping[Any, Any], Any]
Check = tuple[str | int, ...]


class Checks:
    """Checks in the order in which the script makes them.

    Attributes:
        listed: Each with its name and what it needs.
        queue_keys: The keys of the queues that receipts are of.
    """

    def __init__(self) -> None:
        self.listed: list[Check] = []
        self.queue_keys: list[str] = []
        self._needs: list[Need | Sequence[Need]] = []

    def fill(self, found: Sequence[Any]) -> None:
        """Put what a script found where it belongs."""
        for need, value in zip(self._needs, found, strict=True):
            if isinstance(need, tuple):
                need[0][need[1]] = value
            else:
                for (mapping, key), one in zip(need, value, strict=True):
                    mapping[key] = one

    def _add(self, check: Check, need: Need | Sequence[Need]) -> None:
        self.listed.append(check)
        self._needs.append(need)

    # what is assumed

    def none(self, documents: Mapping[str, Need]) -> None:
        """None of these keys is there."""
        self._add(("none", *documents), list(documents.values()))

    def free(self, key: str, fields: Mapping[str, Need]) -> None:
        """None of these fields is in the hash."""
        self._add(("free", key, *fields), list(fields.values()))

    def there(self, key: str, need: Need) -> None:
        """The key is there."""
        self._add(("there", key), need)

    def facts(
        self,
        key: str,
        facts_key: str,
        field: str,
        need: Need,
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
            need: Where the document belongs, if it is another.
            compare: ``<`` for a stamp below ``stamp``, ``=`` for this one.
            stamp: What the stored stamp is compared with.
            rest: The facts that are equal; empty: any.
            forbidden_status: A status that it doesn't have; empty: it may have any.
        """
        wanted = (compare, str(stamp), forbidden_status, rest)
        self._add(("facts", key, facts_key, field, *wanted), need)

    # what was seen

    def text(self, key: str, text: bytes | None, need: Need) -> None:
        """The text is this one still; None: it isn't there."""
        self._add(("text", key, _digest(text)), need)

    def begins(self, key: str, head: str, need: Need) -> None:
        """The text begins so."""
        self._add(("begins", key, head), need)

    def field(self, key: str, field: str, value: bytes | None, need: Need) -> None:
        """The field of a hash has this value still; None: it isn't there."""
        self._add(("field", key, field, _digest(value)), need)

    # what the script has to find out: "1" or "0"

    def event(self, keys: tuple[str, str], id_: str, is_there: str, need: Need) -> None:
        """An event execution is there, and hasn't ended."""
        self._add(("event", *keys, id_, is_there), need)

    def upload(self, keys: tuple[str, str], member: str, is_free: str, need: Need) -> None:
        """The payload deletion of an upload is there, and unclaimed."""
        self._add(("upload", *keys, member, is_free), need)

    def receipt(
        self, queue: Sequence[str], message_id: str, receipt: str, is_held: str, need: Need
    ) -> None:
        """A message is leased under this receipt."""
        first = len(self.queue_keys) + 1
        self.queue_keys += queue
        self._add(("receipt", first, message_id, receipt, is_held), need)


def _digest(text: bytes | None) -> str:
    return "" if text is None else sha1(text, usedforsecurity=False).hexdigest()
