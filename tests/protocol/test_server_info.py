"""What a server says about itself."""

from __future__ import annotations

from podium.v1 import admin_service_pb2 as pb
from podium_core.backend import Durability
from podium_core.models import Guarantee
from podium_core.server_info import DataTypeInfo, ServerInfo, ServerLimits
from podium_protocol import codec

EXECUTIONS = DataTypeInfo(
    data_type="executions",
    store_name="main",
    backend_kind="sqlite",
    capabilities=("atomic_write_set", "expiry"),
    durability=Durability.SYNCED,
    guarantees=("one fsync for each group",),
)
INFO = ServerInfo(
    version="1.2.3",
    data_types={"executions": EXECUTIONS, "index": DataTypeInfo(data_type="index")},
    limits=ServerLimits(
        **{name: at for at, name in enumerate(ServerLimits.__struct_fields__, start=1)}
    ),
    commit_guarantee=Guarantee.ATOMIC,
)


class TestServerInfo:
    def test_comes_back_the_same_and_in_the_same_order(self) -> None:
        sent = codec.server_info_to_proto(INFO).SerializeToString()
        back = codec.server_info_from_proto(pb.GetServerInfoResponse.FromString(sent))
        assert back == INFO
        assert list(back.data_types) == list(INFO.data_types)

    def test_words_of_a_newer_server_are_left_out(self) -> None:
        newer = pb.GetServerInfoResponse.FromString(b"\x12\x06\x0a\x02it\x28\x63\x20\x63")
        info = codec.server_info_from_proto(newer)
        assert info.data_types == {"it": DataTypeInfo(data_type="it")}
        assert info.commit_guarantee is None
