"""The token with which a search goes on: the place of the last hit, and which search it is."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from podium_core.errors import InvalidArgumentError
from podium_core.index.changes import EntryKind
from podium_core.index.search import Place

FIELD = "page_token"

_INT64 = range(-(2**63), 2**63)
_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(tuple[str, list[str | int | float | bool | None]])


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
    return urlsafe_b64encode(_encode((asked, place))).decode().rstrip("=")


def place_of(token: str, asked: str, length: int) -> Place:
    """The place that a token names, of so many values.

    Raises:
        InvalidArgumentError: It isn't a token of this search.
    """
    try:
        of, place = _decoder.decode(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, msgspec.MsgspecError) as error:
        raise InvalidArgumentError(FIELD, "is not one that a search gave") from error
    if any(isinstance(value, int) and value not in _INT64 for value in place):
        raise InvalidArgumentError(FIELD, "is not one that a search gave")
    if of != asked or len(place) != length:
        raise InvalidArgumentError(
            FIELD, "is of another search: its texts and its sort have to stay"
        )
    return tuple(place)
