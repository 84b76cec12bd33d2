"""Wraps the servicers in the pipeline and registers them on a server, by the table of RPCs."""

from __future__ import annotations

from collections.abc import Iterable

import grpc

from podium_protocol.rpcs import SERVICES, Rpc, rpc
from podium_server.facade.facade import Facade
from podium_server.interceptors import CallLimits, InFlight, Pipeline
from podium_server.interceptors.refusals import Refusals
from podium_server.services.admin import AdminServicer
from podium_server.services.event_handler import EventHandlerServicer
from podium_server.services.execution import ExecutionServicer
from podium_server.services.external_payload import ExternalPayloadServicer
from podium_server.services.index import IndexServicer
from podium_server.services.leasing import Leasing
from podium_server.services.limits import ConcurrentExecutionLimitServicer, RateLimitingServicer
from podium_server.services.metadata import MetadataServicer
from podium_server.services.poll_data import PollDataServicer
from podium_server.services.queue import QueueServicer

# For unary answers that may be too large: the RPC that streams the same. Callers of others must ask for less.
_TWINS = {
    ("ExecutionService", "GetWorkflow"): "GetTasksForWorkflow",
    ("ExecutionService", "GetWorkflows"): "GetTasksForWorkflow",
    ("ExecutionService", "GetWorkflowsByCorrelationId"): "GetTasksForWorkflow",
    ("ExecutionService", "GetTasksByType"): "GetPendingTasksForTaskType",
    ("MetadataService", "GetWorkflowNames"): "GetAllWorkflowDefsLatestVersions",
    ("MetadataService", "GetWorkflowVersions"): "GetAllWorkflowDefs",
    ("EventHandlerService", "GetEventHandlersForEvent"): "GetAllEventHandlers",
    ("PollDataService", "GetPollDataForTask"): "GetAllPollData",
    ("QueueService", "PollMessages"): "Consume",
}

STREAMING_TWINS = {
    rpc(service, name).path: rpc(service, twin).label for (service, name), twin in _TWINS.items()
}


class Services:
    """The services of one server."""

    def __init__(self, in_flight: InFlight, leasing: Leasing, refusals: Refusals) -> None:
        """Takes the counter of calls, what may still have messages to give back, and what may have lines to write."""
        self.names = tuple(SERVICES)
        self.in_flight = in_flight
        self._leasing = leasing
        self._refusals = refusals

    async def finish(self) -> None:
        """Wait for what goes on after calls have ended; before the stores are closed."""
        await self._leasing.finish()
        self._refusals.finish()


def register(
    server: grpc.aio.Server,
    facade: Facade,
    limits: CallLimits,
    in_flight: InFlight | None = None,
    *,
    log_calls: bool = False,
) -> Services:
    """Add every service of the contract to a server; ``in_flight`` counts its calls."""
    in_flight = in_flight or InFlight()
    leasing = Leasing(facade.queues, facade.draining, in_flight)
    pipeline = Pipeline(limits, in_flight, STREAMING_TWINS, log_calls=log_calls)
    servicers: dict[str, object] = {
        "ExecutionService": ExecutionServicer(facade),
        "MetadataService": MetadataServicer(facade),
        "IndexService": IndexServicer(facade),
        "QueueService": QueueServicer(facade, leasing, limits.max_message_bytes),
        "EventHandlerService": EventHandlerServicer(facade),
        "PollDataService": PollDataServicer(facade),
        "ConcurrentExecutionLimitService": ConcurrentExecutionLimitServicer(facade),
        "RateLimitingService": RateLimitingServicer(facade),
        "ExternalPayloadService": ExternalPayloadServicer(facade.payloads),
        "AdminService": AdminServicer(facade),
    }
    for service, rpcs in SERVICES.items():
        servicer = servicers[service.rpartition(".")[2]]
        _require_each(servicer, rpcs)
        handlers = {
            entry.name: pipeline.handler(entry, getattr(servicer, entry.name)) for entry in rpcs
        }
        generic = grpc.method_handlers_generic_handler(service, handlers)
        server.add_generic_rpc_handlers((generic,))
    return Services(in_flight, leasing, pipeline.failures.refusals)


def _require_each(servicer: object, rpcs: Iterable[Rpc]) -> None:
    names = {entry.name for entry in rpcs}
    served = {name for name in dir(servicer) if name[0].isupper()}
    if served != names:
        raise TypeError(f"{type(servicer).__name__} and the contract differ: {served ^ names}")
