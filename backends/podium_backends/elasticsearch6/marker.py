"""The member of an entry that says that Podium wrote it: its token, a digest of what was written, where it came from.

It is believed only while the entry's version is its token: whoever else writes the entry, and may well keep the member,
raises the version.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw

from podium_backends.elasticsearch6.mappings import MARKER
from podium_core.index.entries import digest_of
from podium_core.models.json_members import members_of_object, object_of_members

_START = b'"%b":{' % MARKER.encode()


class Marker(msgspec.Struct, frozen=True):
    """What the member holds.

    Attributes:
        token: Of the write.
        digest: Hexadecimal; of the document without the member.
        external: As of ``IndexWrite``.
    """

    token: int
    digest: str
    external: bool = False


_encode = msgspec.json.Encoder().encode


def is_reserved_in(document: bytes) -> bool:
    """Whether a document that is to be written has a member of this name already."""
    return _START[:-2] in document and MARKER in members_of_object(document)


def marked(document: bytes, *, token: int, external: bool) -> bytes:
    """A document, a JSON object, with the marker as its last member."""
    marker = _encode(Marker(token, digest_of(document).hex(), external))
    body = document.rstrip()[:-1].rstrip()
    comma = b"" if body.endswith(b"{") else b","
    return b"%b%b%b:%b}" % (body, comma, _encode(MARKER), marker)


def unmarked(source: bytes) -> bytes:
    """A document as it was written, without its marker."""
    at = source.rfind(_START)
    if at < 0:
        return source
    marker_end = source.find(b"}", at) + 1
    if marker_end and source[marker_end:].strip() == b"}":
        return source[:at].rstrip().removesuffix(b",") + b"}"
    # Another program has written the entry again.
    members = members_of_object(source)
    members.pop(MARKER, None)
    return object_of_members(members)


def believed(marker: Raw, version: int) -> Marker | None:
    """The marker of an entry of this version; None: another program wrote it last."""
    if not marker:
        return None
    try:
        found = msgspec.json.decode(marker, type=Marker)
    except msgspec.MsgspecError:
        return None
    return found if found.token == version else None
