"""What a store of executions gives to the removals of workflows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from podium_core.decide.effects import Effect
from podium_core.decide.removal_record import RemovalRecord
from podium_core.decide.stored_removal import StoredRemoval


class RemovalStore(Protocol):
    """What a store that serves executions gives to removals."""

    async def removal(self, workflow_id: str, *, tasks: int = 0) -> StoredRemoval | None:
        """The removal record of a workflow, with as many of its next tasks; None without one.

        Tasks are read with the record or after it, never before it, and only where the next step is about tasks.
        """
        ...

    async def advance_removal(
        self, removal: StoredRemoval, record: RemovalRecord | None, effects: Sequence[Effect]
    ) -> bool:
        """Write the next record (None: it goes) and carry effects out, in one step, if the token is unchanged.

        Returns:
            Whether it was unchanged; otherwise nothing was written.
        """
        ...
