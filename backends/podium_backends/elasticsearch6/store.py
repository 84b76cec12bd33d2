"""Opens an Elasticsearch as a store. One that is away doesn't keep the server from starting."""

from __future__ import annotations

from functools import partial

import structlog
from elasticsearch import TransportError

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.cluster import ANY, Cluster, described
from podium_backends.elasticsearch6.index_table import ElasticsearchIndexTable
from podium_backends.elasticsearch6.settings import ElasticsearchSettings
from podium_backends.elasticsearch6.setup import IndexSetup
from podium_backends.elasticsearch6.version import check_version
from podium_core.backend import ConnectedStore, StoreContext
from podium_core.errors import BackendUnavailableError, IncompatibleStoreError
from podium_core.readiness import Readiness
from podium_core.searching import IndexReads

_log = structlog.get_logger("podium.elasticsearch6")


async def open_store(context: StoreContext, settings: ElasticsearchSettings) -> ConnectedStore:
    """Prepare the indices, or, where it can't be reached, have that done as soon as it can.

    Raises:
        IncompatibleStoreError: It isn't an Elasticsearch 6.8, or holds other documents under our names.
    """
    cluster = Cluster(settings, context.name)
    readiness = Readiness(context.name, partial(_set_up, cluster, settings))
    table = ElasticsearchIndexTable(
        cluster, settings.names, readiness, settings.search_timeout_ms / 1000
    )
    try:
        await readiness.run()
    except BackendUnavailableError as error:
        _log.warning("the index is away; it is set up when it comes", error=str(error))
    except BaseException:
        await cluster.close()
        raise
    return ConnectedStore(
        context=context,
        kind="elasticsearch6",
        ping=partial(_ping, cluster, readiness),
        close=partial(_close, cluster, readiness),
        index=IndexReads(
            table,
            clock=context.clock,
            task_log_result_limit=settings.task_log_result_limit,
            right_grouping=settings.query_right_grouping,
            max_answer_bytes=context.max_answer_bytes,
        ),
    )


async def _set_up(cluster: Cluster, settings: ElasticsearchSettings) -> None:
    try:
        await check_version(cluster)
        setup = IndexSetup(cluster.perform, settings.names, settings.new_indices)
        conflicts = await setup.run()
    except TransportError as error:
        raise IncompatibleStoreError(
            f"the indices can't be prepared: {described(error)}"
        ) from error
    for conflict in conflicts:
        _log.warning(
            "a field has a type that searches can't use",
            index=conflict.index_name,
            field=conflict.field,
        )


async def _ping(cluster: Cluster, readiness: Readiness) -> None:
    await readiness.wait()
    await cluster.read(dialect.ABOUT, ANY)


async def _close(cluster: Cluster, readiness: Readiness) -> None:
    await readiness.close()
    await cluster.close()
