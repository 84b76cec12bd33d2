"""The words of a text, as Lucene's standard analyzer finds them: what TEXT fields are compared by.

It follows UAX #29, and UTS #51 for emoji, but for what is rare: Thai, Lao, Khmer and Burmese aren't told from the letters
beside them, circled letters aren't words, and numerals beyond 16 bits are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

# Lucene cuts longer words into pieces.
MAX_WORD_LENGTH = 255
# The re module holds the interpreter's lock for a whole text: this many characters take about a millisecond.
PIECE_LENGTH = 16_384

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
# Superscripts, fractions, circled digits: str.isalnum takes them for digits, Unicode's rules for words don't.
_NUMERALS = "".join(chr(code) for code in range(0x10000) if unicodedata.category(chr(code)) == "No")

# Pictures that are words of their own, as Lucene 7.7 has them, but for the letters that flags are made of.
_PICTURES = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2194-\u2199\u21a9-\u21aa\u231a-\u231b\u2328\u2388\u23cf"
    "\u23e9-\u23f3\u23f8-\u23fa\u25aa-\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2605\u2607-\u2612"
    "\u2614-\u2685\u2690-\u2705\u2708-\u2712\u2714\u2716\u271d\u2721\u2728\u2733-\u2734\u2744\u2747"
    "\u274c\u274e\u2753-\u2755\u2757\u2763-\u2767\u2795-\u2797\u27a1\u27b0\u27bf\u2934-\u2935"
    "\u2b05-\u2b07\u2b1b-\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299"
)
_ASTRAL_PICTURES = (
    "\U0001f000-\U0001f0ff\U0001f10d-\U0001f10f\U0001f12f\U0001f16c-\U0001f171\U0001f17e-\U0001f17f"
    "\U0001f18e\U0001f191-\U0001f19a\U0001f1ad-\U0001f1e5\U0001f201-\U0001f20f\U0001f21a\U0001f22f"
    "\U0001f232-\U0001f23a\U0001f249-\U0001f53d\U0001f546-\U0001f64f\U0001f680-\U0001f6ff"
    "\U0001f774-\U0001f77f\U0001f7d5-\U0001f7ff\U0001f80c-\U0001f80f\U0001f8ae-\U0001f8ff"
    "\U0001f90c-\U0001f93a\U0001f93c-\U0001f945\U0001f947-\U0001faff"
)
_FLAG_LETTERS = "\U0001f1e6-\U0001f1ff"
_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
_TAGS = "\U000e0020-\U000e007f"


def _join_words(letter: str, digit: str) -> str:
    # What joins two letters, two digits, or both; the two sides are looked at only where a joiner stands.
    return rf"[.'\u2019:\u00b7,;](?:(?<={letter}[.'\u2019:\u00b7])(?={letter})|(?<={digit}[.,;'\u2019])(?={digit}))"


_PART = rf"[^\W{_SINGLE}{_KATAKANA}{_NUMERALS}]"
_LETTER = rf"[^\W\d_{_SINGLE}{_KATAKANA}{_NUMERALS}]"
_PICTURE = rf"(?:[{_PICTURES}]|[{_ASTRAL_PICTURES}])"
_ASCII = re.compile(rf"[a-z0-9_]+(?:{_join_words('[a-z]', '[0-9]')}[a-z0-9_]+)*")
_UNICODE = re.compile(
    rf"{_PART}+(?:[{_MARKS}]+{_PART}*|{_join_words(_LETTER, '[0-9]')}{_PART}+)*"
    rf"|[{_SINGLE}]|[{_KATAKANA}]+"
    # A picture with its skin tone, and what it is joined to; the flag of a country.
    rf"|{_PICTURE}(?:[{_MARKS}]+|[{_SKIN_TONES}{_TAGS}]|(?<=\u200d){_PICTURE})*"
    rf"|[{_FLAG_LETTERS}]{{2}}"
)
# Underscores alone are no word; it costs less to look for where they may be than to look at each word.
_MAYBE_ALONE = re.compile(rf"_(?!{_PART})")
_HAS_PICTURES = re.compile(rf"[{_PICTURES}\U0001f000-\U0001faff]")
# Words without pictures, which take a third longer to look for.
_NO_PICTURES = re.compile(_UNICODE.pattern[: _UNICODE.pattern.index(f"|{_PICTURE}(?:[{_MARKS}]")])

_OUTSIDE = rf"[^\w{_MARKS}{_FLAG_LETTERS}{_SKIN_TONES}{_TAGS}]"
# Where a text can be cut without cutting a word: after a blank, quote or bracket, before an ideograph, between two
# characters that are in no word.
_CUT = re.compile(
    rf"[\s\"{{}}()\[\]]|(?=[{_SINGLE}])|(?<=[^\w{_MARKS}{_FLAG_LETTERS}])(?={_OUTSIDE})"
)


def lower_case(text: str) -> str:
    """The text as words are compared: in lower case, letter by letter as Java does, not by context."""
    if not text.isascii():
        text = text.replace("\u03a3", "\u03c3").replace("\u0130", "i")
    return text.lower()


def words(text: str) -> list[str]:
    """The words of a text in their order, in lower case.

    Letters, digits, underscores and marks make a word, if a letter or digit is among them. ``.``, ``:`` and ``'`` between
    letters and ``.``, ``,``, ``;`` and ``'`` between digits keep it whole: ``it's``, ``a.b``, ``3.14``. Ideographs, Hiragana
    and emoji are one word each.
    """
    if len(text) <= PIECE_LENGTH:
        return _words(text)
    return list(chain.from_iterable(map(_words, pieces(text))))


def pieces(text: str) -> Iterator[str]:
    """The text in pieces of about ``PIECE_LENGTH`` characters, whose words are those of the text.

    Other threads run between two pieces.
    """
    start = 0
    while len(text) - start > PIECE_LENGTH:
        end = _end_of_piece(text, start)
        yield text[start:end]
        start = end
    yield text[start:]


def _end_of_piece(text: str, start: int) -> int:
    end = start + PIECE_LENGTH
    cut = _CUT.search(text, end, end + PIECE_LENGTH)
    if cut is not None:
        return cut.end()
    if len(text) <= end + PIECE_LENGTH:
        return len(text)
    # Hardly a word ends here: before the last one that begins, or where that would be cut as too long.
    piece = lower_case(text[start:end])
    last = max((word.start() for word in _pattern(piece).finditer(piece)), default=0)
    return start + (last or max(PIECE_LENGTH // MAX_WORD_LENGTH, 1) * MAX_WORD_LENGTH)


def _words(text: str) -> list[str]:
    text = lower_case(text)
    found = _pattern(text).findall(text)
    if _MAYBE_ALONE.search(text):
        found = [word for word in found if word.strip("_")]
    if len(text) > MAX_WORD_LENGTH and any(len(word) > MAX_WORD_LENGTH for word in found):
        return [piece for word in found for piece in _cut_word(word)]
    return found


def _pattern(text: str) -> re.Pattern[str]:
    if text.isascii():
        return _ASCII
    return _UNICODE if _HAS_PICTURES.search(text) else _NO_PICTURES


def _cut_word(word: str) -> list[str]:
    return [word[at : at + MAX_WORD_LENGTH] for at in range(0, len(word), MAX_WORD_LENGTH)]
