"""What a store of concurrency limits implements; ``TableConcurrentExecutionLimitDAO`` of the core makes its DAO of it."""

from __future__ import annotations

from typing import Protocol


class LimitPlaceTable(Protocol):
    """The places that tasks hold, for each definition. Arguments are known to be valid; each call is one atomic step.

    A place that isn't used lapses after the store's ``place_ttl``, never while its task is in progress.
    """

    async def hold_place(self, definition_name: str, task_id: str, *, in_progress: bool) -> None:
        """Hold a place whether there is one or not; a task in progress uses it."""
        ...

    async def free_place(self, definition_name: str, task_id: str) -> bool:
        """Free a task's place; false if it had none."""
        ...

    async def take_place(self, definition_name: str, task_id: str, *, limit: int) -> bool:
        """Hold a place if fewer than ``limit`` are held, or renew the task's own; whether the task holds one now."""
        ...
