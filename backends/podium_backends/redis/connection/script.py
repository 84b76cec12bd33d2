"""A Lua script, called by its digest."""

from __future__ import annotations

from hashlib import sha1


class Script:
    """A script's text and its digest, as Redis names it."""

    __slots__ = ("digest", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest()
