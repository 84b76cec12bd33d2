"""The token with which a search goes on: the place of the last hit, and which search it is."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

import msgspec

from podium_core.errors import InvalidArgumentError
from podium_core.index.changes import EntryKind
from podium_core.index.search import Place
from podium_core.paging.resume_token import resume_key, resume_token

FIELD = "page_token"

_encode = msgspec.json.Encoder().encode


class Asked(NamedTuple):
    """What tells searches apart whose tokens can't be exchanged: their texts, as they came."""

    kind: EntryKind
    query: str = ""
    free_text: str = ""
    lucene_query: str = ""
    sort: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """A short name of the search."""
        return blake2b(_encode(tuple(self)), digest_size=9).hexdigest()


def page_token(asked: str, place: Place) -> str:
    """The token for the page after a hit. ``asked`` as of ``Asked.digest``."""
    return resume_token(asked, *place)


def place_of(token: str, asked: str, length: int) -> Place:
    """The place that a token names, of so many values.

    Raises:
        InvalidArgumentError: It isn't a token of this search.
    """
    key = resume_key(token, Place, (), field=FIELD)
    if key[:1] != (asked,) or len(key) != length + 1:
        raise InvalidArgumentError(
            FIELD, "is of another search: its texts and its sort have to stay"
        )
    return key[1:]
