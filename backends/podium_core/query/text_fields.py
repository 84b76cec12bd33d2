"""What is read of a value of a TEXT field: of JSON the keys and values that it means, however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from podium_core.query.words import pieces, words

_STARTS_JSON = re.compile(r"\s*[{\[\"]")
# [1,2] are two numbers, "1,2" is one word.
_NUMBERS_SIDE_BY_SIDE = re.compile(r"[0-9],[0-9]")
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\.")
_MEANT_THEMSELVES = '"\\/'


def text_words(text: str) -> list[str]:
    """The words of a value of a TEXT field, in their order, in lower case."""
    return words(read_text(text))


def text_pieces(text: str) -> Iterator[list[str]]:
    """The same, piece by piece, so that other threads run meanwhile."""
    return map(words, pieces(read_text(text)))


def read_text(text: str) -> str:
    """The text that words are found in: that of JSON with its escapes decoded, any other as it is.

    Numbers, ``true``, ``false`` and ``null`` stay as they are written. Half of a surrogate pair is read as U+FFFD.
    """
    escaped = "\\" in text
    if not escaped and not ("[" in text and _NUMBERS_SIDE_BY_SIDE.search(text)):
        return text
    if not _STARTS_JSON.match(text):
        return text
    spaced = _with_blanks(text)
    if spaced is None:
        return text
    return _ESCAPES.sub(_decode_escape, spaced) if escaped else spaced


def _with_blanks(text: str) -> str | None:
    """JSON with a blank after each comma and colon; None if it isn't JSON."""
    try:
        return msgspec.json.format(text, indent=0)
    except (msgspec.DecodeError, RecursionError):
        pass
    whole = without_half_pairs(text)
    if whole == text:
        return None
    try:
        return msgspec.json.format(whole, indent=0)
    except (msgspec.DecodeError, RecursionError):
        return None


def without_half_pairs(text: str) -> str:
    """JSON with U+FFFD in place of each escaped half of a surrogate pair, which msgspec refuses."""
    return _ESCAPES.sub(_whole_pairs, text)


def _whole_pairs(escape: re.Match[str]) -> str:
    if escape[0][1] != "u":
        return escape[0]
    digits = _decode_escape(escape).encode("utf-16-be").hex()
    return "".join(rf"\u{digits[at : at + 4]}" for at in range(0, len(digits), 4))


def _decode_escape(escape: re.Match[str]) -> str:
    found = escape[0]
    if found[1] != "u":
        return found[1] if found[1] in _MEANT_THEMSELVES else " "
    return bytes.fromhex(found.replace("\\u", "")).decode("utf-16-be", "replace")
