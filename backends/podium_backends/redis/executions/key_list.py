"""The keys of a script: it names them by number."""

from __future__ import annotations

from collections.abc import Sequence


class KeyList:
    """The keys of a script, each once, by the number under which its arguments name it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, key: str) -> int:
        """The number of a key."""
        found = self._numbers.get(key)
        if found is None:
            self.names.append(key)
            found = self._numbers[key] = len(self.names)
        return found

    def row(self, keys: Sequence[str]) -> int:
        """The number of the first of several keys that a script takes in a row, as a queue's."""
        found = self._numbers.get(f"row {keys[0]} {keys[1]}")
        if found is None:
            found = len(self.names) + 1
            self.names.extend(keys)
            self._numbers[f"row {keys[0]} {keys[1]}"] = found
        return found
