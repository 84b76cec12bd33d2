"""The counts of a check, and the resume token that carries them, so that a resumed check continues counting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from podium_core.errors import InvalidArgumentError
from podium_core.paging.resume_token import resume_key, resume_token

MAX_COUNT = 2**53

Place = tuple[str, ...]


class CheckProgress:
    """The place of a check, and its counts.

    Attributes:
        place: The step, and the cursor with which its walk goes on.
    """

    def __init__(
        self, token: str, start: Place, steps: Collection[str], names: Iterable[str]
    ) -> None:
        """From where a token says.

        Args:
            token: Empty for the start.
            start: The first step and the key before all others; it says how many parts a key has.
            steps: All steps.
            names: What is counted.
        Raises:
            InvalidArgumentError: It isn't a token of this check.
        """
        self._names = tuple(names)
        parts: list[Any] = [str] * len(start) + [int] * len(self._names)
        key_type: Any = tuple.__class_getitem__(tuple(parts))
        key: Any = resume_key(token, key_type, (*start, *(0 for _ in self._names)))
        self.place: Place = key[: len(start)]
        counts = key[len(start) :]
        if self.place[0] not in steps or not all(0 <= count <= MAX_COUNT for count in counts):
            raise InvalidArgumentError("resume_token", "is not a token of this stream")
        self._counts = Counter(dict(zip(self._names, counts, strict=True)))

    def __getitem__(self, name: str) -> int:
        """A count."""
        return self._counts[name]

    def add(self, name: str, more: int) -> None:
        """Count more of one."""
        self._counts[name] += more

    def add_each(self, names: Iterable[str]) -> None:
        """Count one more of each."""
        self._counts.update(names)

    def token(self, place: Place) -> str:
        """The token of a place, with all that was counted until there."""
        return resume_token(*place, *(self._counts[name] for name in self._names))
