"""One servicer for each service: decode, one facade call, encode."""

from podium_server.facade.facade import Facade
from podium_server.services.registration import Services, register

__all__ = ["Facade", "Services", "register"]
