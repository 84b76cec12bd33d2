"""One servicer for each service: decode, one facade call, encode."""

from podium_server.services.facade_port import (
    DataTypeInfo,
    Facade,
    ServerInfo,
    ServerLimits,
)
from podium_server.services.registration import Services, register

__all__ = [
    "DataTypeInfo",
    "Facade",
    "ServerInfo",
    "ServerLimits",
    "Services",
    "register",
]
