"""Whether a cluster is one that this adapter can use."""

from __future__ import annotations

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.cluster import Cluster
from podium_core.errors import IncompatibleStoreError


async def check_version(cluster: Cluster) -> str:
    """The version of the cluster.

    Raises:
        IncompatibleStoreError: It isn't 6.8.
        BackendUnavailableError: It was not reached.
    """
    version = str((await cluster.perform(dialect.ABOUT))["version"]["number"])
    if not version.startswith("6.8."):
        raise IncompatibleStoreError(
            f"this is Elasticsearch {version}; kind elasticsearch6 needs 6.8"
        )
    return version
