"""What a server says about itself."""

from __future__ import annotations

from typing import cast

from podium.v1 import admin_service_pb2 as pb
from podium_core.backend import Durability
from podium_core.server_info import DataTypeInfo, ServerInfo, ServerLimits
from podium_protocol.codec.commit import guarantee_from_proto, guarantee_to_proto
from podium_protocol.codec.field_table import enum_table

_durabilities = enum_table(Durability, pb.Durability.DESCRIPTOR)


def server_info_to_proto(info: ServerInfo) -> pb.GetServerInfoResponse:
    """The answer of GetServerInfo."""
    return pb.GetServerInfoResponse(
        version=info.version,
        data_types=[_data_type_to_proto(data_type) for data_type in info.data_types.values()],
        limits=pb.ServerLimits(
            **{name: getattr(info.limits, name) for name in ServerLimits.__struct_fields__}
        ),
        commit_guarantee=guarantee_to_proto(info.commit_guarantee),
    )


def server_info_from_proto(response: pb.GetServerInfoResponse) -> ServerInfo:
    """The answer of GetServerInfo. Words of a newer server, which this client doesn't know, are left out."""
    limits = response.limits
    return ServerInfo(
        version=response.version,
        data_types={info.data_type: _data_type_from_proto(info) for info in response.data_types},
        limits=ServerLimits(
            **{name: getattr(limits, name) for name in ServerLimits.__struct_fields__}
        ),
        commit_guarantee=guarantee_from_proto(response.commit_guarantee),
    )


def _data_type_to_proto(info: DataTypeInfo) -> pb.DataTypeInfo:
    number = 0 if info.durability is None else _durabilities.numbers[info.durability.value]
    return pb.DataTypeInfo(
        data_type=info.data_type,
        store_name=info.store_name,
        backend_kind=info.backend_kind,
        capabilities=info.capabilities,
        durability=cast("pb.Durability", number),
        guarantees=info.guarantees,
    )


def _data_type_from_proto(info: pb.DataTypeInfo) -> DataTypeInfo:
    durability = _durabilities.members.get(info.durability)
    return DataTypeInfo(
        data_type=info.data_type,
        store_name=info.store_name,
        backend_kind=info.backend_kind,
        capabilities=tuple(info.capabilities),
        durability=None if durability is None else Durability(durability.value),
        guarantees=tuple(info.guarantees),
    )
