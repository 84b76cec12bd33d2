"""The RateLimitingDAO."""

from __future__ import annotations

from typing import Protocol

from podium_core.models import Task


class RateLimitingDAO(Protocol):
    """Mirrors Conductor's ``RateLimitingDAO``."""

    async def exceeds_rate_limit_per_frequency(
        self,
        task: Task,
        *,
        rate_limit_per_frequency: int | None = None,
        rate_limit_frequency_seconds: int | None = None,
    ) -> bool:
        """Ask for a grant: false, and it is consumed; or true. Never more than N grants in any window.

        The pair is the arguments', where given (Conductor passes the task definition's), else the task's own; else, asked
        of a facade, that of the definition in the task, else of the registered one. Either of them 0 or less: false,
        nothing is consumed.
        Source: ``RateLimitingDAO.exceedsRateLimitPerFrequency``, which counts grants of one millisecond once.
        """
        ...
