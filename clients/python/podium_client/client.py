"""The client: the server's DAOs under one roof, and the connections under them."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import grpc

from podium_client.admin import RemoteAdmin
from podium_client.calls import Calls
from podium_client.channels import Channels
from podium_client.concurrent_limit_dao import RemoteConcurrentExecutionLimitDAO
from podium_client.consume.consumer import Consumer
from podium_client.consume.held import HeldLeases
from podium_client.event_handler_dao import RemoteEventHandlerDAO
from podium_client.execution_dao import RemoteExecutionDAO
from podium_client.index_dao import RemoteIndexDAO
from podium_client.metadata_dao import RemoteMetadataDAO
from podium_client.payload_storage import RemotePayloadStorage
from podium_client.poll_data_dao import RemotePollDataDAO
from podium_client.queue_dao import RemoteQueueDAO
from podium_client.rate_limiting_dao import RemoteRateLimitingDAO
from podium_client.retry import RetryPolicy
from podium_client.settings import (
    DEFAULT_ADDRESS,
    DEFAULT_TIMEOUT_SECONDS,
    MAX_MESSAGE_BYTES,
    ClientSettings,
    require_timeout,
    settings_from_env,
)

SETTLING_TURNS = 5


class Podium:
    """A server's DAOs, each as podium_core's Protocol of that name has it; what they raise is a StorageError.

    Attributes:
        executions: Workflows, tasks, event executions, and Commit.
        metadata: Task and workflow definitions.
        index: Search over workflows and tasks, and what is kept for looking up.
        queues: Queues, and ``consume``.
        event_handlers: Event handlers.
        poll_data: When workers last polled.
        concurrency_limits: Places of running tasks.
        rate_limits: Grants in sliding windows.
        payloads: Large inputs and outputs, outside of the documents.
        admin: What the server says about itself.
    """

    def __init__(self, calls: Calls, held: HeldLeases, consumers: set[Consumer]) -> None:
        """Made by PodiumClient."""
        self._calls = calls
        self._held = held
        self._consumers = consumers
        self.executions = RemoteExecutionDAO(calls, held)
        self.metadata = RemoteMetadataDAO(calls)
        self.index = RemoteIndexDAO(calls)
        self.queues = RemoteQueueDAO(calls, held, consumers)
        self.event_handlers = RemoteEventHandlerDAO(calls)
        self.poll_data = RemotePollDataDAO(calls)
        self.concurrency_limits = RemoteConcurrentExecutionLimitDAO(calls)
        self.rate_limits = RemoteRateLimitingDAO(calls)
        self.payloads = RemotePayloadStorage(calls)
        self.admin = RemoteAdmin(calls)

    def with_timeout(self, timeout_seconds: float) -> Podium:
        """The same server over the same connections, with another deadline for each call.

        Raises:
            InvalidArgumentError: It isn't more than 0.
        """
        calls = self._calls.with_timeout(require_timeout(timeout_seconds))
        return Podium(calls, self._held, self._consumers)


class PodiumClient(Podium):
    """A client of one server, of the event loop in which it is first used.

    ``async with PodiumClient() as podium:`` closes it at the end. It connects when it is first called, and again by itself.
    Calls that may be repeated are, on a failure that a repeat may mend (``RetryPolicy``).
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        connections: int = 1,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        retry: RetryPolicy | None = None,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        credentials: grpc.ChannelCredentials | None = None,
    ) -> None:
        """Connects to nothing yet.

        Args:
            address: ``host:port``, or any name that gRPC resolves.
            connections: So many TCP connections share the calls.
            timeout_seconds: The deadline of each call, repeats included; of a stream, the longest wait for a chunk.
            retry: How calls are repeated.
            max_message_bytes: The largest request or answer; the server has a limit of its own.
            credentials: For TLS; without them plain text.
        Raises:
            InvalidArgumentError: No connection, or no time.
        """
        self.settings = ClientSettings(
            address=address,
            connections=connections,
            timeout_seconds=timeout_seconds,
            retry=retry or RetryPolicy(),
            max_message_bytes=max_message_bytes,
            credentials=credentials,
        )
        self._channels = Channels(self.settings)
        super().__init__(Calls(self._channels), HeldLeases(), set())

    @classmethod
    def from_env(cls) -> Self:
        """A client as the environment says.

        ``PODIUM_ADDRESS``, ``PODIUM_CONNECTIONS``, ``PODIUM_TIMEOUT_SECONDS``, and ``PODIUM_TLS_CERTIFICATE``: a file with
        the certificates to trust, in PEM.

        Raises:
            InvalidArgumentError: A variable doesn't hold what it should.
        """
        settings = settings_from_env()
        return cls(
            settings.address,
            connections=settings.connections,
            timeout_seconds=settings.timeout_seconds,
            credentials=settings.credentials,
        )

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """End consumers, cut off calls under way (they raise ClientClosedError), and let go of the connections."""
        try:
            for consumer in list(self._consumers):
                await consumer.close()
        finally:
            await self._channels.close()
        # Iterators that were dropped, and calls that were cut off, end in the turns that follow.
        for _ in range(SETTLING_TURNS):
            await asyncio.sleep(0)
