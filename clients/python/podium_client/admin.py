"""What the server says about itself."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from podium.v1 import admin_service_pb2 as pb
from podium.v1 import commit_pb2
from podium_client.calls import Calls
from podium_client.methods import method
from podium_core.backend import Durability
from podium_core.dao import Guarantee

_SERVER_INFO = method(pb.GetServerInfoRequest, pb.GetServerInfoResponse)

_DURABILITIES = {
    pb.DURABILITY_SYNCED: Durability.SYNCED,
    pb.DURABILITY_STORE_CONFIGURED: Durability.STORE_CONFIGURED,
    pb.DURABILITY_NONE: Durability.NONE,
}
_GUARANTEES = {
    commit_pb2.COMMIT_GUARANTEE_ATOMIC: Guarantee.ATOMIC,
    commit_pb2.COMMIT_GUARANTEE_ORDERED: Guarantee.ORDERED,
}


class DataTypeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The store that serves a data type.

    Attributes:
        store_name: As in the server's configuration; empty where none serves it.
        capabilities: What the store can do of what is optional, by name, sorted.
        durability: What an acknowledged write survives; None where the server doesn't say, in a word that we know.
        guarantees: What it guarantees beyond that or falls short of, one sentence each.
    """

    data_type: str
    store_name: str
    backend_kind: str
    capabilities: tuple[str, ...] = ()
    durability: Durability | None = None
    guarantees: tuple[str, ...] = ()


class ServerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits that a server holds to; 0 where there is none."""

    max_message_bytes: int = 0
    max_write_items: int = 0
    max_write_bytes: int = 0
    max_read_ids: int = 0
    max_json_depth: int = 0
    max_calls_in_flight: int = 0
    default_deadline_ms: int = 0
    workflow_payload_soft_limit_bytes: int = 0
    workflow_payload_hard_limit_bytes: int = 0
    task_payload_soft_limit_bytes: int = 0
    task_payload_hard_limit_bytes: int = 0


class ServerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A server.

    Attributes:
        data_types: By the name of the data type.
        commit_guarantee: How far a Commit is one step; None where the server doesn't say.
    """

    version: str
    data_types: Mapping[str, DataTypeInfo]
    limits: ServerLimits
    commit_guarantee: Guarantee | None = None


class RemoteAdmin:
    """The server's own matters."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def server_info(self) -> ServerInfo:
        """The server's version, limits, and for each data type the store that serves it. Asks no store."""
        response = await self._calls.unary(_SERVER_INFO)
        return ServerInfo(
            version=response.version,
            data_types={info.data_type: _data_type_info(info) for info in response.data_types},
            limits=_limits(response.limits),
            commit_guarantee=_GUARANTEES.get(response.commit_guarantee),
        )


def _data_type_info(info: pb.DataTypeInfo) -> DataTypeInfo:
    return DataTypeInfo(
        data_type=info.data_type,
        store_name=info.store_name,
        backend_kind=info.backend_kind,
        capabilities=tuple(info.capabilities),
        durability=_DURABILITIES.get(info.durability),
        guarantees=tuple(info.guarantees),
    )


def _limits(limits: pb.ServerLimits) -> ServerLimits:
    return ServerLimits(**{name: getattr(limits, name) for name in ServerLimits.__struct_fields__})
