"""A document as Elasticsearch holds it, and back: what can't be indexed as it stands is said in members of our own.

The words of JSON are those that it means: where its text would be read otherwise (escapes, and ``[1,2]``), they stand
under ``podiumWords`` besides. A number beyond 64 bits, which would refuse its whole document, is held as a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from msgspec import Raw

from podium_backends.elasticsearch6.mappings import MARKER, WORDED, WORDS
from podium_core.index.changes import EntryKind
from podium_core.index.entries import digest_of
from podium_core.index.kinds import LOOKED_UP, SEARCHED
from podium_core.models.json_members import (
    Members,
    members_of_object,
    object_of_members,
    restore_surrogates,
)
from podium_core.models.json_text import raw_bytes
from podium_core.query.fields import FieldType
from podium_core.query.text_fields import read_text

# Each begins with a character that is found fast: a class of them takes 10 µs for each kB.
_LARGE_NUMBER = re.compile(rb":[ \t\r\n]*-?(?:[0-9]{19}|[0-9.]+[eE])")
_NUMBERS_SIDE_BY_SIDE = re.compile(rb",(?<=[0-9],)[0-9]")
_INT64 = range(-(2**63), 2**63)
_encode = msgspec.json.Encoder().encode
_OWN = (f'"{WORDS}":'.encode(), f'"{MARKER}":'.encode())


class Marker(msgspec.Struct, frozen=True, omit_defaults=True):
    """The member that says that Podium wrote the entry.

    It is believed only while the entry's version is its token: whoever else writes the entry, and may well keep the member,
    raises the version.

    Attributes:
        token: Of the write.
        digest: Hexadecimal; of the document as it was given.
        external: As of ``IndexWrite``.
        quoted: Members whose numbers are held as texts, after an ``=``: no field takes that for a number.
    """

    token: int
    digest: str
    external: bool = False
    quoted: tuple[str, ...] = ()


_marker = msgspec.json.Decoder(Marker)
_words = msgspec.json.Decoder(dict[str, str])


def _numbers_of(kind: EntryKind) -> frozenset[str]:
    """The members that are indexed as numbers."""
    if kind in LOOKED_UP:
        return frozenset({LOOKED_UP[kind].created})
    types = {FieldType.NUMBER, FieldType.DATE}
    return frozenset(field.key for field in SEARCHED[kind].fields.values() if field.type in types)


_NUMBERS = {kind: _numbers_of(kind) for kind in EntryKind}


def names_own_members(document: bytes) -> bool:
    """Whether a document that is to be written has a member that is ours."""
    if not any(name in document for name in _OWN):
        return False
    return not {MARKER, WORDS}.isdisjoint(members_of_object(document))


def stored_form(document: bytes, kind: EntryKind, *, token: int, external: bool) -> bytes:
    """A document, a JSON object, as it is sent; what is ours comes last.

    Raises:
        msgspec.MsgspecError: It isn't an object.
    """
    digest = digest_of(document).hex()
    words: dict[str, str] = {}
    quoted: tuple[str, ...] = ()
    if b"\\\\" in document or _NUMBERS_SIDE_BY_SIDE.search(document):
        words = dict(_words_of(members_of_object(document)))
    if _LARGE_NUMBER.search(document):
        members = members_of_object(document)
        quoted = tuple(_too_large(members, _NUMBERS[kind]))
        if quoted:
            texts = {name: Raw(b'"=%b"' % raw_bytes(members[name])) for name in quoted}
            document = object_of_members({**members, **texts})
    own = b"%b%b" % (_OWN[1], _encode(Marker(token, digest, external, quoted)))
    if words:
        own = b"%b%b,%b" % (_OWN[0], _encode(words), own)
    body = document.rstrip()[:-1]
    comma = b"" if body.rstrip().endswith(b"{") else b","
    return b"%b%b%b}" % (body, comma, own)


def _words_of(members: Members) -> Iterable[tuple[str, str]]:
    """The texts that words are to be found in, of members that say otherwise as they stand."""
    for name in WORDED:
        raw = members.get(name)
        if raw is None or raw_bytes(raw)[:1] != b'"':
            continue
        try:
            text = msgspec.json.decode(raw, type=str)
        except msgspec.MsgspecError:
            continue
        read = read_text(text)
        if read != text:
            yield name, read


def _too_large(members: Members, numbers: Iterable[str]) -> Iterable[str]:
    for name in numbers:
        raw = members.get(name)
        if raw is not None and not _fits(raw_bytes(raw)):
            yield name


def _fits(value: bytes) -> bool:
    """Whether a value isn't a number, or one of 64 bits."""
    if value[:1] not in b"-0123456789":
        return True
    try:
        number = int(value) if value.lstrip(b"-").isdigit() else int(float(value))
    except (ValueError, OverflowError):
        return False  # more digits than Python reads, or infinite
    return number in _INT64


def given_form(source: bytes) -> bytes:
    """A document as it was given, of what Elasticsearch holds."""
    source = restore_surrogates(source)
    start = source.rfind(_OWN[1])
    words = source.rfind(_OWN[0], 0, max(start, 0))
    try:
        if _marker.decode(source[start + len(_OWN[1]) :].rstrip()[:-1]).quoted or start < 0:
            return _taken_apart(source)
        if words >= 0:
            _words.decode(source[words + len(_OWN[0]) : start].removesuffix(b","))
            start = words
    except msgspec.MsgspecError:
        # Another program has written the entry again: ours aren't its last members.
        return _taken_apart(source)
    return source[:start].removesuffix(b",") + b"}"


def _taken_apart(source: bytes) -> bytes:
    if not any(name in source for name in _OWN):
        return source
    members = members_of_object(source)
    members.pop(WORDS, None)
    raw = members.pop(MARKER, None)
    try:
        quoted = _marker.decode(raw).quoted if raw is not None else ()
    except msgspec.MsgspecError:
        quoted = ()
    for name in quoted:
        value = raw_bytes(members.get(name, Raw(b"")))
        if value[:2] == b'"=':
            members[name] = Raw(value[2:-1])
    return object_of_members(members)


def believed(marker: Raw, version: int) -> Marker | None:
    """The marker of an entry of this version; None: another program wrote it last."""
    if not marker:
        return None
    try:
        found = _marker.decode(marker)
    except msgspec.MsgspecError:
        return None
    return found if found.token == version else None
