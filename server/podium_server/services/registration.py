"""Puts the servicers behind the pipeline and onto a server, by the table of RPCs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import grpc

from podium_core.errors import UnsupportedOperationError
from podium_protocol.rpcs import SERVICES, Rpc, rpc
from podium_server.facade.facade import Facade
from podium_server.interceptors import CallLimits, InFlight, Pipeline
from podium_server.services.admin import AdminServicer
from podium_server.services.event_handler import EventHandlerServicer
from podium_server.services.execution import ExecutionServicer
from podium_server.services.leasing import Leasing
from podium_server.services.limits import ConcurrentExecutionLimitServicer, RateLimitingServicer
from podium_server.services.metadata import MetadataServicer
from podium_server.services.poll_data import PollDataServicer
from podium_server.services.queue import QueueServicer

# Where a unary answer is too large: what streams the same. To the others nothing is left but to ask for less.
_TWINS = {
    ("ExecutionService", "GetWorkflow"): "GetTasksForWorkflow",
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

    def __init__(self, in_flight: InFlight, leasing: Leasing) -> None:
        """Takes the counter of calls, and what may still have messages to give back."""
        self.names = tuple(SERVICES)
        self.in_flight = in_flight
        self._leasing = leasing

    async def finish(self) -> None:
        """Wait for what goes on behind ended calls; before the stores are closed."""
        await self._leasing.finish()


def register(
    server: grpc.aio.Server, facade: Facade, limits: CallLimits, *, log_calls: bool = False
) -> Services:
    """Add every service of the contract to a server; what isn't there yet answers UNIMPLEMENTED."""
    in_flight = InFlight()
    leasing = Leasing(facade.queues, facade.draining, in_flight)
    pipeline = Pipeline(limits, in_flight, STREAMING_TWINS, log_calls=log_calls)
    servicers: dict[str, object] = {
        "ExecutionService": ExecutionServicer(facade),
        "MetadataService": MetadataServicer(facade),
        "QueueService": QueueServicer(facade, leasing, limits.max_message_bytes),
        "EventHandlerService": EventHandlerServicer(facade),
        "PollDataService": PollDataServicer(facade),
        "ConcurrentExecutionLimitService": ConcurrentExecutionLimitServicer(facade),
        "RateLimitingService": RateLimitingServicer(facade),
        "AdminService": AdminServicer(facade),
    }
    for service, rpcs in SERVICES.items():
        servicer = servicers.get(service.rpartition(".")[2])
        handlers = {
            entry.name: pipeline.handler(entry, method_of(servicer, entry)) for entry in rpcs
        }
        _require_known(servicer, rpcs)
        generic = grpc.method_handlers_generic_handler(service, handlers)
        server.add_generic_rpc_handlers((generic,))
    return Services(in_flight, leasing)


def method_of(servicer: object, entry: Rpc) -> Callable[..., Any]:
    """The servicer's method for an RPC, or one that says that there is none."""
    method: Callable[..., Any] | None = getattr(servicer, entry.name, None)
    return _unsupported(entry) if method is None else method


def _unsupported(entry: Rpc) -> Callable[..., NoReturn]:
    def refuse(*arguments: object) -> NoReturn:
        del arguments
        raise UnsupportedOperationError(
            "podium", entry.label, f"{entry.label} is not served by this version"
        )

    return refuse


def _require_known(servicer: object, rpcs: Iterable[Rpc]) -> None:
    # A misspelt method would otherwise be an RPC that silently isn't served.
    names = {entry.name for entry in rpcs}
    surplus = {name for name in dir(servicer) if name[0].isupper()} - names
    if surplus:
        raise TypeError(f"{type(servicer).__name__} serves what isn't in the contract: {surplus}")
