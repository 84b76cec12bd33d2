"""What ``podium doctor`` reads of a cluster: its nodes, the keyspace's replicas, its settings and its clock."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from podium_backends.cassandra.connection import Session
from podium_core.errors import BackendUnavailableError

_SETTINGS = "SELECT name, value FROM system_views.settings"
_REPLICATION = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?"


class ClusterFacts(NamedTuple):
    """A cluster as the node that answers knows it.

    Attributes:
        version: As ``5.0.5``.
        datacenter: The answering node's.
        nodes: How many nodes each datacenter has, those that are down too.
        replication: Of the keyspace, as Cassandra stores it; empty: there is no keyspace.
        settings: What ``system_views.settings`` says; empty where it can't be read.
        clock_ahead_ms: How far the node's clock is ahead of ours, in milliseconds.
    """

    version: str
    datacenter: str
    nodes: Mapping[str, int]
    replication: Mapping[str, str]
    settings: Mapping[str, str]
    clock_ahead_ms: float

    @property
    def replicas(self) -> int:
        """How many replicas the answering node's datacenter has of each row."""
        if self.is_simple:
            return int(self.replication.get("replication_factor", 1))
        return int(self.replication.get(self.datacenter, 0))

    @property
    def is_simple(self) -> bool:
        """Whether the replicas are spread without regard to datacenters."""
        return self.replication.get("class", "").endswith("SimpleStrategy")


async def read_facts(session: Session, keyspace: str) -> ClusterFacts:
    """What there is to know. Raises BackendUnavailableError."""
    ((version, datacenter),) = await session.rows(
        "SELECT release_version, data_center FROM system.local"
    )
    peers = await session.rows("SELECT data_center FROM system.peers")
    replication = await session.rows(_REPLICATION, keyspace)
    return ClusterFacts(
        version=version,
        datacenter=datacenter,
        nodes=Counter([datacenter, *(peer for (peer,) in peers if peer)]),
        replication=dict(replication[0][0]) if replication else {},
        settings=await _settings(session),
        clock_ahead_ms=await _clock_ahead_ms(session),
    )


async def _settings(session: Session) -> dict[str, str]:
    try:
        return {name: value or "" for name, value in await session.rows(_SETTINGS)}
    except BackendUnavailableError:
        # A role may lack the right to; the doctor says so.
        return {}


async def _clock_ahead_ms(session: Session) -> float:
    before = time.time()
    ((now,),) = await session.rows("SELECT toTimestamp(now()) FROM system.local")
    return float(now.timestamp() - (before + time.time()) / 2) * 1000
