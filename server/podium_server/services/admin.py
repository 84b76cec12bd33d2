"""AdminService."""

from __future__ import annotations

from podium.v1 import admin_service_pb2 as pb
from podium_protocol import codec
from podium_server.facade.facade import Facade
from podium_server.interceptors import Call


class AdminServicer:
    """What the server says about itself."""

    def __init__(self, facade: Facade) -> None:
        self._facade = facade

    async def GetServerInfo(
        self, request: pb.GetServerInfoRequest, call: Call
    ) -> pb.GetServerInfoResponse:
        return codec.server_info_to_proto(self._facade.server_info())
