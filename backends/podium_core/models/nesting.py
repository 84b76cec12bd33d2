"""How deep JSON text is nested, at a few nanoseconds a byte whatever it holds: no Python step for each byte or string.

Brackets outside of strings become bits. Blocks of 8, then 16, 32 and 64 of them are summed up side by side, in the lanes
of one large integer. What is left is a loop with one step for each 64 brackets.
"""

from __future__ import annotations

from itertools import accumulate
from operator import add

# What is left of JSON text: an opening bracket is 1, a closing one 0, quotes stay.
_SHAPE = bytes.maketrans(b"{[]}", b"1100")
_NO_SHAPE = bytes(set(range(256)) - set(b'"{[]}'))
_QUOTES = bytes.maketrans(b'01"', b"001")
# Per digit of a mask: the bit that sets a bracket inside of a string apart (as 2 or 3).
_INSIDE = bytes.maketrans(b"01", b"\0\2")
_NOT_OUTSIDE = b'23"'
_LARGEST = 64  # brackets in a block: with more, a lane's sum would not fit into its byte


def _peak(byte: int) -> int:
    """How far above its start the level rises within the eight brackets of a byte."""
    steps = (1 if byte >> bit & 1 else -1 for bit in range(7, -1, -1))
    return max(accumulate(steps, initial=0))


_OPENED = bytes(byte.bit_count() for byte in range(256))
_PEAKS = bytes(_peak(byte) for byte in range(256))


def is_nested_deeper(text: bytes, limit: int) -> bool:
    """Whether valid JSON has more than ``limit`` brackets open at once, outside of strings."""
    if text.count(b"{") + text.count(b"[") <= limit:
        return False
    return nesting_depth(text) > limit


def nesting_depth(text: bytes) -> int:
    """The deepest level of brackets outside of strings, of valid JSON."""
    shape = _without_strings(_without_escapes(text).translate(_SHAPE, _NO_SHAPE))
    if not shape:
        return 0
    # The last block is filled up with brackets that close: they rise no further.
    missing = -len(shape) % _LARGEST
    packed = (int(shape, 2) << missing).to_bytes((len(shape) + missing) // 8)
    size, opened, peaks = 8, packed.translate(_OPENED), packed.translate(_PEAKS)
    while size < _LARGEST:
        opened, peaks = _paired(opened, peaks, size)
        size *= 2
    starts = accumulate((2 * count - size for count in opened), initial=0)
    deepest: int = max(map(add, starts, peaks))
    return deepest


def _without_escapes(text: bytes) -> bytes:
    # From left to right, so a backslash that is left over is the one that escapes.
    return text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text


def _without_strings(shape: bytes) -> bytes:
    """Take out quotes, and the brackets between them."""
    if b'"' not in shape:
        return shape
    # Two quotes side by side change nothing: they hold no bracket, or have none between two strings.
    shape = shape.replace(b'""', b"")
    if b'"' not in shape:
        return shape
    inside = int.from_bytes(_inside_strings(shape).translate(_INSIDE))
    apart = int.from_bytes(shape) | inside
    return apart.to_bytes(len(shape)).translate(None, _NOT_OUTSIDE)


def _inside_strings(shape: bytes) -> bytes:
    """A digit for each byte: 1 where an odd number of quotes stands before it."""
    digits, quotes = len(shape), int(shape.translate(_QUOTES), 2)
    reach = 1
    while reach < digits:
        quotes ^= quotes >> reach
        reach *= 2
    return f"{quotes:0{digits}b}".encode()


def _paired(opened: bytes, peaks: bytes, size: int) -> tuple[bytes, bytes]:
    """Blocks of ``size`` brackets, two by two, as blocks of twice that: what they open, and how far they rise.

    A lane is a byte. No value in one is above 127, so its highest bit is free to carry a comparison.
    """
    lanes = len(opened) // 2
    ones = int.from_bytes(b"\1" * lanes)
    high = ones << 7
    first, second = int.from_bytes(opened[::2]), int.from_bytes(opened[1::2])
    # Both above the lowest level that the first block can reach, so that neither is negative.
    before = int.from_bytes(peaks[::2]) + size * ones
    after = 2 * first + int.from_bytes(peaks[1::2])
    not_less = ((before | high) - after) & high
    chosen = not_less - (not_less >> 7)
    highest = (after ^ ((before ^ after) & chosen)) - size * ones
    return (first + second).to_bytes(lanes), highest.to_bytes(lanes)
