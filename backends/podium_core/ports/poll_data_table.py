"""What a store of poll data implements; ``TablePollDataDAO`` of ``podium_core.poll_data`` makes its DAO of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from podium_core.models import Page, PollData
from podium_core.paging.read_budget import ReadBudget

PollKey = tuple[str, str]
"""A task definition's name and a domain; ``NO_DOMAIN`` is none."""
NO_DOMAIN = ""


class PollDataTable(Protocol):
    """Last polls by key. Arguments are known to be valid."""

    async def write_polls(self, polls: Mapping[PollKey, str]) -> None:
        """Store the worker of each key as the last to poll it, now by the store's clock."""
        ...

    async def poll(self, key: PollKey) -> PollData | None:
        """The last poll of a key, or None."""
        ...

    async def polls_of_task(self, task_def_name: str, budget: ReadBudget) -> list[PollData]:
        """The last polls of a task definition, in order of their domains; the lengths of their texts count.

        Raises:
            ResultTooLargeError: They are above the budget.
        """
        ...

    def polls(self, after: PollKey) -> AsyncIterator[Page[PollData]]:
        """All last polls after a key, in order of their keys, which are those of a page's items."""
        ...
