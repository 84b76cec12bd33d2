"""The PollDataDAO."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from podium_core.models import Page, PollData


class PollDataDAO(Protocol):
    """Mirrors Conductor's ``PollDataDAO``. The domain ``DEFAULT`` is ``InvalidArgumentError``: Redis uses that field."""

    async def update_last_poll_data(
        self, task_def_name: str, domain: str | None, worker_id: str
    ) -> None:
        """Note that a worker asked for a task, now. Source: ``PollDataDAO.updateLastPollData``."""
        ...

    async def get_poll_data(self, task_def_name: str, domain: str | None) -> PollData | None:
        """The last poll in a domain (None: without one), or None. Source: ``PollDataDAO.getPollData``."""
        ...

    async def get_poll_data_for_task(self, task_def_name: str) -> list[PollData]:
        """The last polls in all domains. Source: ``PollDataDAO.getPollData(taskDefName)``."""
        ...

    def get_all_poll_data(self, *, resume_token: str = "") -> AsyncIterator[Page[PollData]]:
        """The last polls of all task definitions. Source: ``PollDataDAO.getAllPollData``."""
        ...
