"""What the server says about itself."""

from __future__ import annotations

from podium.v1 import admin_service_pb2 as pb
from podium_client.calls import Calls
from podium_client.methods import method
from podium_core.server_info import ServerInfo
from podium_protocol import codec

_SERVER_INFO = method(pb.GetServerInfoRequest, pb.GetServerInfoResponse)


class RemoteAdmin:
    """The server's own matters."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def server_info(self) -> ServerInfo:
        """The server's version, limits, and for each data type the store that serves it. Asks no store."""
        return codec.server_info_from_proto(await self._calls.unary(_SERVER_INFO))
