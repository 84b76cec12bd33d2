"""What the server says about itself, and its checks of index, queues and outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from podium.v1 import admin_service_pb2 as pb
from podium_client.calls import Calls
from podium_client.methods import Method, method
from podium_core.models import Page
from podium_core.reconcile import IndexReport, OutboxState, QueueReport
from podium_core.server_info import ServerInfo
from podium_protocol import codec

R = TypeVar("R", IndexReport, QueueReport)

_SERVER_INFO = method(pb.GetServerInfoRequest, pb.GetServerInfoResponse)
_VERIFY_INDEX = method(pb.VerifyIndexRequest, pb.VerifyIndexResponse)
_REPAIR_INDEX = method(pb.RepairIndexRequest, pb.RepairIndexResponse)
_VERIFY_QUEUES = method(pb.VerifyQueuesRequest, pb.VerifyQueuesResponse)
_REPAIR_QUEUES = method(pb.RepairQueuesRequest, pb.RepairQueuesResponse)
_GET_OUTBOX = method(pb.GetOutboxRequest, pb.GetOutboxResponse)
_RETRY_OUTBOX = method(pb.RetryOutboxRequest, pb.RetryOutboxResponse)


class RemoteAdmin:
    """The server's own matters. Streams of reports that break off go on by themselves, counters included."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def server_info(self) -> ServerInfo:
        """The server's version, limits, and for each data type the store that serves it. Asks no store."""
        return codec.server_info_from_proto(await self._calls.unary(_SERVER_INFO))

    # the index

    def verify_index(self, resume_token: str = "") -> AsyncIterator[IndexReport]:
        """Compare the index with the executions store, changing nothing.

        Args:
            resume_token: Of a report, to continue after it.
        Raises:
            FailedPreconditionError: No index is routed.
        """
        request = _VERIFY_INDEX.request(resume_token=resume_token)
        return self._reports(_VERIFY_INDEX, request, codec.index_report_from_proto)

    def repair_index(
        self, rebuild: bool = False, resume_token: str = ""
    ) -> AsyncIterator[IndexReport]:
        """Compare, and index again, in the background, the entries that differ.

        Args:
            rebuild: Index everything again, without comparing.
            resume_token: Of a report, to continue after it.
        Raises:
            FailedPreconditionError: No index is routed.
        """
        request = _REPAIR_INDEX.request(resume_token=resume_token, rebuild=rebuild)
        return self._reports(_REPAIR_INDEX, request, codec.index_report_from_proto)

    # queues

    def verify_queues(self, resume_token: str = "") -> AsyncIterator[QueueReport]:
        """Compare running workflows and scheduled tasks with their queues, changing nothing.

        Args:
            resume_token: Of a report, to continue after it.
        """
        request = _VERIFY_QUEUES.request(resume_token=resume_token)
        return self._reports(_VERIFY_QUEUES, request, codec.queue_report_from_proto)

    def repair_queues(
        self, apply: bool = False, resume_token: str = ""
    ) -> AsyncIterator[QueueReport]:
        """Compare, and push what isn't queued. Messages without a task are reported only.

        Args:
            apply: Push; otherwise nothing changes.
            resume_token: Of a report, to continue after it.
        """
        request = _REPAIR_QUEUES.request(resume_token=resume_token, apply=apply)
        return self._reports(_REPAIR_QUEUES, request, codec.queue_report_from_proto)

    # the outbox

    async def outbox(self, limit: int = 100) -> OutboxState:
        """The backlog of the outbox, and at most so many of the entries that were set aside.

        Raises:
            FailedPreconditionError: The store of executions has no outbox.
        """
        return codec.outbox_from_proto(await self._calls.unary(_GET_OUTBOX, limit=limit))

    async def retry_outbox(self) -> int:
        """Make entries that were set aside due again; returns their number. Raises as ``outbox``."""
        return (await self._calls.unary(_RETRY_OUTBOX)).count

    async def _reports(
        self, call: Method[..., Any, Any], request: Any, read: Callable[[Any], R]
    ) -> AsyncIterator[R]:
        def page(chunk: Any) -> Page[R]:
            report = read(chunk)
            return Page(items=(report,), resume_token=report.resume_token)

        pages: Any = self._calls.pages(call, request, page)
        async with aclosing(pages):
            async for found in pages:
                yield found.items[0]
