"""What a store of rate limits implements; ``TableRateLimitingDAO`` of the core makes its DAO of it."""

from __future__ import annotations

from typing import Protocol


class RateGrantTable(Protocol):
    """The grants of each definition. Arguments are known to be valid."""

    async def take_grant(self, definition_name: str, *, grants: int, window_ms: int) -> bool:
        """Take a grant if fewer than ``grants`` were taken within the window that ends now, in one atomic step."""
        ...
