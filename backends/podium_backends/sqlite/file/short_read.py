"""What may be read on the event loop at once."""

from __future__ import annotations

from podium_core.paging.read_budget import ReadBudget

SHORT_BYTES = 512 * 1024
SHORT_ROWS = 250


class LongReadError(Exception):
    """The result is too long for the loop."""


class ShortRead(ReadBudget):
    """The budget of a read on the loop: a few milliseconds."""

    __slots__ = ("_rows",)

    def __init__(self, whole: ReadBudget) -> None:
        """Takes the budget of the read in a thread that follows where this one is not enough."""
        super().__init__(min(SHORT_BYTES, whole.left))
        self._rows = SHORT_ROWS

    def take(self, size: int) -> None:
        """Count a row.

        Raises:
            LongReadError: The read belongs into a thread.
        """
        self._rows -= 1
        self.left -= size
        if self.left < 0 or self._rows < 0:
            raise LongReadError

    # One call for each row, which is most of what it costs.
    take_document = take
