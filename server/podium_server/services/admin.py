"""AdminService."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from podium.v1 import admin_service_pb2 as pb
from podium_core.errors import FailedPreconditionError
from podium_core.requirements import require_count
from podium_protocol import codec
from podium_server.facade.facade import Facade
from podium_server.interceptors import Call
from podium_server.reconcile.index_check import IndexCheck
from podium_server.reconcile.outbox_admin import OutboxAdmin
from podium_server.reconcile.queue_check import QueueCheck
from podium_server.services.request_checks import optional

DEFAULT_FAILURES = 100


class AdminServicer:
    """What the server says about itself, and its checks."""

    def __init__(self, facade: Facade) -> None:
        self._facade = facade

    async def GetServerInfo(
        self, request: pb.GetServerInfoRequest, call: Call
    ) -> pb.GetServerInfoResponse:
        return codec.server_info_to_proto(self._facade.server_info)

    # the index

    async def VerifyIndex(
        self, request: pb.VerifyIndexRequest, call: Call
    ) -> AsyncGenerator[pb.VerifyIndexResponse]:
        async with aclosing(self._index.verify(request.resume_token)) as reports:
            async for report in reports:
                yield codec.verify_index_to_proto(report)

    async def RepairIndex(
        self, request: pb.RepairIndexRequest, call: Call
    ) -> AsyncGenerator[pb.RepairIndexResponse]:
        reports = self._index.repair(request.resume_token, rebuild=request.rebuild)
        async with aclosing(reports):
            async for report in reports:
                yield codec.repair_index_to_proto(report)

    @property
    def _index(self) -> IndexCheck:
        index = self._facade.reconciliation.index
        if index is None:
            raise FailedPreconditionError(
                "NO_INDEX",
                "routing/index",
                "Podium keeps no index here: routing.index is none, or facade.index_executions is off",
            )
        return index

    # queues

    async def VerifyQueues(
        self, request: pb.VerifyQueuesRequest, call: Call
    ) -> AsyncGenerator[pb.VerifyQueuesResponse]:
        async with aclosing(self._queues.verify(request.resume_token)) as reports:
            async for report in reports:
                yield codec.verify_queues_to_proto(report)

    async def RepairQueues(
        self, request: pb.RepairQueuesRequest, call: Call
    ) -> AsyncGenerator[pb.RepairQueuesResponse]:
        reports = self._queues.repair(request.resume_token, apply=request.apply)
        async with aclosing(reports):
            async for report in reports:
                yield codec.repair_queues_to_proto(report)

    @property
    def _queues(self) -> QueueCheck:
        return self._facade.reconciliation.queues

    # the outbox

    async def GetOutbox(self, request: pb.GetOutboxRequest, call: Call) -> pb.GetOutboxResponse:
        limit: int | None = optional(request, "limit")
        if limit:
            require_count(limit, "limit")
        failures = DEFAULT_FAILURES if limit is None else limit
        return codec.outbox_to_proto(await self._outbox.state(failures))

    async def RetryOutbox(
        self, request: pb.RetryOutboxRequest, call: Call
    ) -> pb.RetryOutboxResponse:
        return pb.RetryOutboxResponse(count=await self._outbox.try_again())

    @property
    def _outbox(self) -> OutboxAdmin:
        outbox = self._facade.reconciliation.outbox
        if outbox is None:
            raise FailedPreconditionError(
                "NO_OUTBOX", "routing/executions", "the store of executions has no outbox"
            )
        return outbox
