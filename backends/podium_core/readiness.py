"""Whether a store is prepared: one that is away at start is looked at when it comes, before anything is sent to it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from podium_core.errors import BackendUnavailableError, IncompatibleStoreError
from podium_core.shared_attempt import AttemptEndedError, SharedAttempt


class Readiness:
    """Runs a setup, or checks, until that has succeeded once; who comes meanwhile shares it."""

    def __init__(self, store: str, set_up: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Takes the store's configured name, and what prepares it."""
        self._store = store
        self._set_up = set_up
        self._attempt = SharedAttempt(self._run)
        self._done = False

    async def wait(self) -> None:
        """Return once the setup has succeeded.

        Raises:
            BackendUnavailableError: It hasn't; the next call tries again.
        """
        if self._done:
            return
        try:
            await self.run()
        except IncompatibleStoreError as error:
            # Found out while we run: whoever runs the store may mend it, and what waits for it is kept.
            raise BackendUnavailableError(self._store, error.message) from error

    async def run(self) -> None:
        """Run the setup, whether it has succeeded before or not, or join one that runs. Raises what it raises."""
        try:
            await self._attempt.result()
        except AttemptEndedError as error:
            raise BackendUnavailableError(self._store, "the store is closed") from error

    async def _run(self) -> None:
        await self._set_up()
        self._done = True

    async def close(self) -> None:
        """End a setup that runs."""
        await self._attempt.cancel()
