"""The words of a text, as Lucene's standard analyzer finds them: what TEXT fields are compared by.

It follows UAX #29 but for what is rare: superscript digits count as digits of a word, and Thai, Lao, Khmer and Burmese
aren't told from the letters beside them.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import chain

# Lucene cuts longer words into pieces.
MAX_WORD_LENGTH = 255
# Characters: a few milliseconds.
_AT_ONCE = 64 * 1024

# One piece each: Han and Hiragana. Katakana: runs.
_SINGLE = "\u3005\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096\u309d-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_SINGLE += "\U0001b001-\U0001b11f\U00020000-\U0003ffff"
_KATAKANA = "\u3031-\u3035\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"

# Where Unicode has marks and invisible formatting characters, which stay with the letter before them. Those of the few
# scripts beyond 16 bits would make the expression ten times slower.
_MARK_BLOCKS = chain(
    range(0xAD, 0xAE),
    range(0x300, 0x1E00),
    range(0x200C, 0x2070),
    range(0x20D0, 0x2100),
    range(0x2CEF, 0x2E00),
    range(0x302A, 0x309B),
    range(0xA66F, 0xAC00),
    range(0xFB1E, 0xFB1F),
    range(0xFE00, 0xFE30),
    range(0xFEFF, 0xFF00),
)
_MARKS = "".join(
    chr(code)
    for code in _MARK_BLOCKS
    if unicodedata.category(chr(code)) in {"Mn", "Mc", "Me", "Cf"}
)


def _joined(letter: str, digit: str) -> str:
    # What joins two letters, two digits, or both; the two sides are looked at only where a joiner stands.
    return rf"[.'\u2019:\u00b7,;](?:(?<={letter}[.'\u2019:\u00b7])(?={letter})|(?<={digit}[.,;'\u2019])(?={digit}))"


_PART = rf"[^\W{_SINGLE}{_KATAKANA}]"
_LETTER = rf"[^\W\d_{_SINGLE}{_KATAKANA}]"
_ASCII = re.compile(rf"[a-z0-9_]+(?:{_joined('[a-z]', '[0-9]')}[a-z0-9_]+)*")
_UNICODE = re.compile(
    rf"{_PART}+(?:[{_MARKS}]+{_PART}*|{_joined(_LETTER, '[0-9]')}{_PART}+)*"
    rf"|[{_SINGLE}]|[{_KATAKANA}]+"
)


def lower_case(text: str) -> str:
    """The text as words are compared: in lower case, letter by letter as Java does, not by context."""
    if not text.isascii():
        text = text.replace("\u03a3", "\u03c3").replace("\u0130", "i")
    return text.lower()


def words(text: str) -> list[str]:
    """The words of a text in their order, in lower case.

    Letters, digits, underscores and marks make a word. ``.``, ``:`` and ``'`` between letters and ``.``, ``,``, ``;`` and
    ``'`` between digits keep it whole: ``it's``, ``a.b``, ``3.14``. Ideographs and Hiragana are one word each.
    """
    text = lower_case(text)
    pattern = _ASCII if text.isascii() else _UNICODE
    found = pattern.findall(text) if len(text) <= _AT_ONCE else _found_in_stretches(pattern, text)
    if len(text) > MAX_WORD_LENGTH and any(len(word) > MAX_WORD_LENGTH for word in found):
        return [piece for word in found for piece in _pieces(word)]
    return found


def _found_in_stretches(pattern: re.Pattern[str], text: str) -> list[str]:
    # One search holds the interpreter, and with it every other thread. No word goes across a blank.
    found: list[str] = []
    start = 0
    while start < len(text):
        end = text.find(" ", start + _AT_ONCE)
        end = len(text) if end < 0 else end
        found += pattern.findall(text, start, end)
        start = end
    return found


def _pieces(word: str) -> list[str]:
    return [word[at : at + MAX_WORD_LENGTH] for at in range(0, len(word), MAX_WORD_LENGTH)]
