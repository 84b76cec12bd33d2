"""What a store of executions gives to the removals of workflows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from podium_core.decide.effects import Effect
from podium_core.decide.facts import TaskFacts
from podium_core.decide.removal_record import RemovalRecord
from podium_core.decide.stored_removal import StoredRemoval

Tasks = Sequence[tuple[str, TaskFacts]]


class RemovalStore(Protocol):
    """What a store that serves executions gives to removals."""

    async def removal(self, workflow_id: str) -> StoredRemoval | None:
        """The removal record of a workflow; None without one."""
        ...

    async def next_tasks(self, workflow_id: str, *, after: str, limit: int) -> Tasks:
        """The next tasks of a workflow in order of id, after this one."""
        ...

    async def advance_removal(
        self, removal: StoredRemoval, record: RemovalRecord | None, effects: Sequence[Effect]
    ) -> bool:
        """Write the next record (None: it goes) and carry effects out, in one step, if the token is unchanged.

        Returns:
            Whether it was unchanged; otherwise nothing was written.
        """
        ...
