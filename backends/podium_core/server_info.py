"""What a server says about itself. Beside the models and not among them, since it speaks of backends and of Commit."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from podium_core.backend import Durability
from podium_core.models import Guarantee


class DataTypeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A data type, and the store that serves it.

    Attributes:
        data_type: Its name, as in the routing of the configuration.
        store_name: As in the server's configuration; empty where none serves it.
        backend_kind: The store's kind, as ``sqlite``.
        capabilities: What the store can do of what is optional, by name, sorted.
        durability: What an acknowledged write survives; None where that isn't said, or in a word that we don't know.
        guarantees: What it guarantees beyond that or falls short of, one sentence each.
    """

    data_type: str
    store_name: str = ""
    backend_kind: str = ""
    capabilities: tuple[str, ...] = ()
    durability: Durability | None = None
    guarantees: tuple[str, ...] = ()


class ServerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits that a server holds to, as admin_service.proto explains them; 0 where there is none."""

    max_message_bytes: int
    max_write_items: int
    max_write_bytes: int
    max_read_ids: int
    max_json_depth: int
    max_calls_in_flight: int
    default_deadline_ms: int
    workflow_payload_soft_limit_bytes: int = 0
    workflow_payload_hard_limit_bytes: int = 0
    task_payload_soft_limit_bytes: int = 0
    task_payload_hard_limit_bytes: int = 0


class ServerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A server.

    Attributes:
        version: Its version.
        data_types: By the name of the data type, in a fixed order.
        limits: What it holds to.
        commit_guarantee: How far a Commit is one step; None where that isn't said, or in a word that we don't know.
    """

    version: str
    data_types: Mapping[str, DataTypeInfo]
    limits: ServerLimits
    commit_guarantee: Guarantee | None = None
