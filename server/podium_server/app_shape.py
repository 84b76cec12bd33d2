"""What the process needs of the application that it runs; ``podium_server.app`` is the one, tests bring their own."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from podium_server.config.config import Config

if TYPE_CHECKING:
    import grpc

    from podium_server.interceptors import InFlight


class StoreHandle(Protocol):
    """An open store."""

    @property
    def kind(self) -> str:
        """The kind of its backend."""
        ...

    def ping(self) -> Awaitable[None]:
        """Ask the store for a sign of life. Raises a StorageError where there is none."""
        ...


class OpenFacade(Protocol):
    """The facade and the stores under it, open."""

    @property
    def facade(self) -> Any:
        """What the services call."""
        ...

    @property
    def stores(self) -> Mapping[str, StoreHandle]:
        """The open stores by name."""
        ...

    @property
    def in_flight(self) -> InFlight:
        """Counts the calls of the services."""
        ...

    def begin_drain(self) -> None:
        """The server stops: who waits for messages is answered with what there is, endless streams end."""
        ...

    async def close(self) -> None:
        """Flush and close the stores; no call is in flight any more."""
        ...


Handle = TypeVar("Handle", bound=OpenFacade)


class App(Protocol[Handle]):
    """The functions of ``podium_server.app``."""

    async def open_facade(self, config: Config) -> Handle:
        """Open the stores in use and put the facade on them. Raises a StorageError where one can't be opened."""
        ...

    def register_services(
        self, server: grpc.aio.Server, handle: Handle, config: Config
    ) -> Sequence[str]:
        """Add the services to a server. Returns their full names, ``podium.v1.QueueService``."""
        ...
