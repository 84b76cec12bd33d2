"""How deep JSON text is nested, as fast as msgspec reads it.

msgspec stops at a depth that depends on the interpreter and on the calls under way. That depth is looked for first. Then the
text is read with so many brackets around it that msgspec stops at the depth that was asked about.
"""

from __future__ import annotations

from podium_core.models.json_members import require_valid

# Up to here counting brackets costs less.
_LITTLE_BYTES = 128 * 1024


def is_nested_deeper(text: bytes, limit: int) -> bool:
    """Whether valid JSON has more than ``limit`` brackets open at once, outside of strings."""
    size = len(text)
    if size <= 2 * limit:
        return False
    if size <= _LITTLE_BYTES and text.count(b"{") + text.count(b"[") <= limit:
        return False
    # All attempts are made from this function: each call on the way would count as a level.
    read, refused = limit, 2 * limit
    while _is_read(b"", refused):
        read, refused = refused, 2 * refused
    while refused - read > 1:
        middle = (read + refused) // 2
        if _is_read(b"", middle):
            read = middle
        else:
            refused = middle
    return read > limit and not _is_read(text, read - limit)


def _is_read(text: bytes, around: int) -> bool:
    try:
        require_valid(b"".join((b"[" * around, text, b"]" * around)))
    except RecursionError:
        return False
    return True
