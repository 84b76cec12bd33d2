"""What is wrong with a Cassandra, or with our way to it; each finding says what to do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

from podium_backends.cassandra.cluster_facts import ClusterFacts, read_facts
from podium_backends.cassandra.connection import Session
from podium_backends.cassandra.format import format_fault, tables_of
from podium_backends.cassandra.schema import tables
from podium_backends.cassandra.settings import CassandraSettings
from podium_core.backend import Finding, Severity
from podium_core.errors import BackendUnavailableError

_FINE, _WARNING, _FAULT = Severity.OK, Severity.WARNING, Severity.FAULT

OLDEST_VERSION = (4, 1)
MOST_CLOCK_DIFFERENCE_MS = 500
LEAST_TOMBSTONES = 100_000
_UNITS = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


async def diagnose(store: str, settings: CassandraSettings) -> AsyncIterator[Finding]:
    """Look at a Cassandra; nothing is written."""
    # One that asks for a datacenter that doesn't exist would find no node.
    target = replace(settings.target(store), local_datacenter="")
    session = Session(target, _at_once, None)
    try:
        facts = await read_facts(session, settings.keyspace)
        for finding in findings(facts, settings):
            yield finding
        async for finding in _schema(session, settings):
            yield finding
    except BackendUnavailableError as error:
        yield Finding(_FAULT, error.message)
    finally:
        await session.close()


async def _at_once() -> None:
    """Nothing has to be prepared to look."""


def findings(facts: ClusterFacts, settings: CassandraSettings) -> Iterator[Finding]:
    """What follows from a cluster's facts and our settings."""
    yield _version(facts)
    yield _datacenter(facts, settings)
    if facts.replication:
        yield from _replicas(facts)
    yield from _levels(facts, settings)
    yield _clock(facts)
    yield from _node_settings(facts, settings)


def _version(facts: ClusterFacts) -> Finding:
    numbers = tuple(int(part) for part in re.findall(r"\d+", facts.version)[:2])
    what = f"Cassandra {facts.version}"
    if numbers < OLDEST_VERSION:
        return Finding(_WARNING, f"{what} isn't tested: use 4.1 or newer, which have paxos v2")
    return Finding(_FINE, what)


def _datacenter(facts: ClusterFacts, settings: CassandraSettings) -> Finding:
    names = ", ".join(sorted(facts.nodes))
    chosen = settings.local_datacenter
    if chosen and chosen not in facts.nodes:
        what = f"local_datacenter '{chosen}' has no nodes: set it to one of {names}"
        return Finding(_FAULT, what)
    if not chosen and len(facts.nodes) > 1:
        return Finding(_WARNING, f"set local_datacenter, to the nearest one of {names}")
    return Finding(_FINE, f"datacenter {chosen or facts.datacenter}")


def _replicas(facts: ClusterFacts) -> Iterator[Finding]:
    replicas, nodes = facts.replicas, facts.nodes[facts.datacenter]
    quorum = replicas // 2 + 1
    if not replicas:
        what = f"the keyspace has no replicas in {facts.datacenter}: ALTER KEYSPACE, then repair"
        yield Finding(_FAULT, what)
    elif nodes < quorum:
        what = f"{replicas} replicas, and {nodes} nodes: every write needs {quorum}; add nodes, or lower the replication"
        yield Finding(_FAULT, what)
    elif nodes < replicas:
        yield Finding(_WARNING, f"{replicas} replicas, and only {nodes} nodes: add nodes")
    elif replicas == 1:
        what = "one replica: while its node is down nothing is served, and its disk is the only copy; use 3"
        yield Finding(_WARNING, what)
    else:
        yield Finding(
            _FINE, f"{replicas} replicas on {nodes} nodes, of which {quorum} have to be up"
        )
    if facts.is_simple and len(facts.nodes) > 1:
        what = "SimpleStrategy spreads replicas without regard to datacenters: use NetworkTopologyStrategy"
        yield Finding(_WARNING, what)


def _levels(facts: ClusterFacts, settings: CassandraSettings) -> Iterator[Finding]:
    if settings.consistency in ("ONE", "LOCAL_ONE"):
        what = f"consistency {settings.consistency}: a read may miss what was acknowledged; use LOCAL_QUORUM"
        yield Finding(_WARNING, what)
    if settings.serial_consistency == "LOCAL_SERIAL" and len(facts.nodes) > 1:
        what = (
            "LOCAL_SERIAL guards writes of one datacenter alone: run all servers in one,"
            " or choose SERIAL before the first start"
        )
        yield Finding(_WARNING, what)


def _clock(facts: ClusterFacts) -> Finding:
    ahead = facts.clock_ahead_ms
    if abs(ahead) > MOST_CLOCK_DIFFERENCE_MS:
        which = "ahead of" if ahead > 0 else "behind"
        what = f"its clock is {abs(ahead):,.0f} ms {which} ours, and versions go by clocks: set up NTP on all machines"
        return Finding(_WARNING, what)
    return Finding(_FINE, f"clocks differ by {abs(ahead):,.0f} ms")


def _node_settings(facts: ClusterFacts, settings: CassandraSettings) -> Iterator[Finding]:
    if not facts.settings:
        what = "system_views.settings can't be read: paxos_variant, tombstones and limits are unchecked"
        yield Finding(_WARNING, what)
        return
    yield _paxos(facts)
    yield _commit_log(facts)
    if (least := _number(facts, "tombstone_failure_threshold")) < LEAST_TOMBSTONES:
        what = f"tombstone_failure_threshold {least:,}: reads of large sets may fail; set it to {LEAST_TOMBSTONES:,} or more"
        yield Finding(_WARNING, what)
    if (most := _number(facts, "max_mutation_size")) < settings.max_write_bytes:
        what = f"max_write_bytes {settings.max_write_bytes:,} is above max_mutation_size, {most:,} bytes: lower the first"
        yield Finding(_FAULT, what)


def _paxos(facts: ClusterFacts) -> Finding:
    variant = facts.settings.get("paxos_variant", "")
    if variant.startswith("v2"):
        return Finding(_FINE, f"paxos {variant}")
    what = f"paxos_variant {variant or 'v1'}: conditional writes take twice as many messages; set paxos_variant: v2"
    return Finding(_WARNING, what)


def _commit_log(facts: ClusterFacts) -> Finding:
    sync = facts.settings.get("commitlog_sync", "")
    if sync != "periodic":
        return Finding(
            _FINE, f"every write is fsynced before it is acknowledged (commitlog_sync {sync})"
        )
    period = facts.settings.get("commitlog_sync_period", "")
    what = f"commitlog_sync periodic ({period}): a crash of all replicas' machines at once loses the last writes"
    return Finding(_WARNING if facts.replicas == 1 else _FINE, what)


def _number(facts: ClusterFacts, name: str) -> int:
    """A setting in bytes, or as a count."""
    found = re.fullmatch(r"(\d+)(B|KiB|MiB|GiB)?", facts.settings.get(name, ""))
    if found is None:
        # Older versions call it otherwise.
        return 2**63
    return int(found[1]) * _UNITS[found[2] or "B"]


async def _schema(session: Session, settings: CassandraSettings) -> AsyncIterator[Finding]:
    missing = tables().keys() - await tables_of(session, settings.keyspace)
    if not missing and not (fault := await format_fault(session, settings)):
        yield Finding(_FINE, f"keyspace {settings.keyspace} has all tables")
    elif not missing:
        yield Finding(_FAULT, fault)
    elif settings.create_schema:
        what = f"keyspace {settings.keyspace} lacks {len(missing)} tables: the first start creates them"
        yield Finding(_FINE, what)
    else:
        what = f"keyspace {settings.keyspace} lacks {', '.join(sorted(missing))}: run what 'podium cassandra schema' prints"
        yield Finding(_FAULT, what)
