"""What stands between the transport and the servicers: one pipeline, wrapped around each handler once."""

from podium_server.interceptors.call import Call, add_call_fields, current_call
from podium_server.interceptors.limits import CallLimits, InFlight
from podium_server.interceptors.pipeline import Pipeline

__all__ = ["Call", "CallLimits", "InFlight", "Pipeline", "add_call_fields", "current_call"]
