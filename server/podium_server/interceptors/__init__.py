"""The pipeline between the transport and the servicers, wrapped around each handler once."""

from podium_server.interceptors.call import Call, add_call_fields, current_call
from podium_server.interceptors.in_flight import Connection, InFlight
from podium_server.interceptors.limits import CallLimits
from podium_server.interceptors.pipeline import Pipeline

__all__ = [
    "Call",
    "CallLimits",
    "Connection",
    "InFlight",
    "Pipeline",
    "add_call_fields",
    "current_call",
]
