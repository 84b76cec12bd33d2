"""AdminService."""

from __future__ import annotations

from podium.v1 import admin_service_pb2 as pb
from podium_core.backend import Durability
from podium_protocol import codec
from podium_server.interceptors import Call
from podium_server.services.facade_port import DataTypeInfo, Facade, ServerLimits

_DURABILITIES = {
    None: pb.DURABILITY_UNSPECIFIED,
    Durability.SYNCED: pb.DURABILITY_SYNCED,
    Durability.STORE_CONFIGURED: pb.DURABILITY_STORE_CONFIGURED,
    Durability.NONE: pb.DURABILITY_NONE,
}


class AdminServicer:
    """What the server says about itself."""

    def __init__(self, facade: Facade) -> None:
        self._facade = facade

    async def GetServerInfo(
        self, request: pb.GetServerInfoRequest, call: Call
    ) -> pb.GetServerInfoResponse:
        info = self._facade.server_info()
        return pb.GetServerInfoResponse(
            version=info.version,
            data_types=[_data_type(data_type) for data_type in info.data_types],
            limits=_limits(info.limits),
            commit_guarantee=codec.guarantee_to_proto(info.commit_guarantee),
        )


def _data_type(info: DataTypeInfo) -> pb.DataTypeInfo:
    return pb.DataTypeInfo(
        data_type=info.data_type,
        store_name=info.store_name,
        backend_kind=info.backend_kind,
        capabilities=sorted(info.capabilities),
        durability=_DURABILITIES[info.durability],
        guarantees=info.guarantees,
    )


def _limits(limits: ServerLimits) -> pb.ServerLimits:
    return pb.ServerLimits(
        **{name: getattr(limits, name) for name in ServerLimits.__struct_fields__}
    )
