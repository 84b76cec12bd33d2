"""Whether a Redis can be used, found out before the first command: also of one that comes after the server's start."""

from __future__ import annotations

from podium_backends.redis.connection import Link, Target
from podium_backends.redis.format import check_format, check_server
from podium_backends.redis.keys import Keys
from podium_core.errors import BackendUnavailableError, IncompatibleStoreError


class Admission:
    """The checks of one store, made until they have succeeded once."""

    def __init__(self, target: Target, keys: Keys, layout: str | None) -> None:
        """Take what ``check_format`` takes."""
        self._target = target
        self._keys = keys
        self._layout = layout
        self._granted = False

    async def check(self) -> None:
        """Make the checks, over a connection of their own.

        Raises:
            IncompatibleStoreError: This Redis, or what is on it, isn't what this version can use.
            BackendUnavailableError: It can't be reached.
        """
        link = Link(self._target)
        try:
            await check_server(link)
            await check_format(link, self._keys, self._layout)
        finally:
            await link.close()
        self._granted = True

    async def require(self) -> None:
        """Return once the checks have succeeded, now or before.

        Raises:
            BackendUnavailableError: They haven't; the next call makes them again.
        """
        if self._granted:
            return
        try:
            await self.check()
        except IncompatibleStoreError as error:
            # Found out while we run: whoever runs this Redis may mend it.
            raise BackendUnavailableError(self._target.store, error.message) from error
