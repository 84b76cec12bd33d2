"""What the doctor says of a real Cassandra of one node, and of clusters as it would find them."""

from __future__ import annotations

from typing import Any

import pytest

from podium_backends.cassandra.cluster_facts import ClusterFacts
from podium_backends.cassandra.connection import Session
from podium_backends.cassandra.doctor import diagnose, findings
from podium_backends.cassandra.format import tables_of
from podium_backends.cassandra.settings import CassandraSettings
from podium_core.backend import Severity
from tests.backends.cassandra.keyspaces import new_keyspace
from tests.services.ports import free_ports

OK, WARNING, FAULT = Severity.OK, Severity.WARNING, Severity.FAULT
SIMPLE = "org.apache.cassandra.locator.SimpleStrategy"
BY_DATACENTER = "org.apache.cassandra.locator.NetworkTopologyStrategy"
GOOD = ClusterFacts(
    version="5.0.5",
    datacenter="dc1",
    nodes={"dc1": 3},
    replication={"class": BY_DATACENTER, "dc1": "3"},
    settings={
        "paxos_variant": "v2",
        "commitlog_sync": "periodic",
        "commitlog_sync_period": "10s",
        "tombstone_failure_threshold": "100000",
        "max_mutation_size": "16384KiB",
    },
    clock_ahead_ms=3.2,
)
TWO = {"dc1": 3, "dc2": 3}


def said(facts: ClusterFacts = GOOD, **settings: Any) -> list[tuple[Severity, str]]:
    checked = CassandraSettings.model_validate(settings)
    return [(one.severity, one.text) for one in findings(facts, checked)]


async def found(settings: CassandraSettings) -> list[tuple[Severity, str]]:
    return [(one.severity, one.text) async for one in diagnose("main", settings)]


def says(findings: list[tuple[Severity, str]], severity: Severity, part: str) -> bool:
    return any(severity is one and part in text for one, text in findings)


def test_a_good_one() -> None:
    assert said() == [
        (OK, "Cassandra 5.0.5"),
        (OK, "datacenter dc1"),
        (OK, "3 replicas on 3 nodes, of which 2 have to be up"),
        (OK, "clocks differ by 3 ms"),
        (OK, "paxos v2"),
        (
            OK,
            "commitlog_sync periodic (10s): a crash of all replicas' machines at once loses the last writes",
        ),
    ]


def with_setting(name: str, value: str) -> dict[str, Any]:
    return {"settings": {**GOOD.settings, name: value}}


@pytest.mark.parametrize(
    ("facts", "settings", "severity", "part"),
    [
        ({"version": "4.0.11"}, {}, WARNING, "4.0.11 isn't tested"),
        ({"version": "3.11.16"}, {}, WARNING, "3.11.16 isn't tested"),
        ({"version": "4.1-rc1"}, {}, OK, "Cassandra 4.1-rc1"),
        ({}, {"local_datacenter": "dc2"}, FAULT, "'dc2' has no nodes: set it to one of dc1"),
        ({}, {"local_datacenter": "dc1"}, OK, "datacenter dc1"),
        ({"nodes": TWO}, {}, WARNING, "set local_datacenter, to the nearest one of dc1, dc2"),
        ({"nodes": {"dc1": 1}}, {}, FAULT, "3 replicas, and 1 nodes: every write needs 2"),
        ({"nodes": {"dc1": 2}}, {}, WARNING, "3 replicas, and only 2 nodes"),
        ({"replication": {"class": BY_DATACENTER, "dc1": "1"}}, {}, WARNING, "one replica"),
        ({"replication": {"class": BY_DATACENTER, "dc2": "3"}}, {}, FAULT, "no replicas in dc1"),
        (
            {"replication": {"class": SIMPLE, "replication_factor": "3"}},
            {},
            OK,
            "3 replicas on 3 nodes",
        ),
        (
            {"replication": {"class": SIMPLE, "replication_factor": "3"}, "nodes": TWO},
            {},
            WARNING,
            "use NetworkTopologyStrategy",
        ),
        ({}, {"consistency": "LOCAL_ONE"}, WARNING, "consistency LOCAL_ONE"),
        ({"nodes": TWO}, {"local_datacenter": "dc1"}, WARNING, "or choose SERIAL"),
        ({"clock_ahead_ms": 501}, {}, WARNING, "501 ms ahead of ours"),
        ({"clock_ahead_ms": -2_000}, {}, WARNING, "2,000 ms behind ours"),
        ({"settings": {}}, {}, WARNING, "can't be read"),
        (with_setting("paxos_variant", "v1"), {}, WARNING, "set paxos_variant: v2"),
        (with_setting("paxos_variant", ""), {}, WARNING, "paxos_variant v1"),
        (with_setting("commitlog_sync", "batch"), {}, OK, "fsynced before it is acknowledged"),
        (with_setting("tombstone_failure_threshold", "5000"), {}, WARNING, "5,000"),
        (with_setting("max_mutation_size", "2MiB"), {}, FAULT, "above max_mutation_size"),
    ],
)
def test_what_is_found(
    facts: dict[str, Any], settings: dict[str, Any], severity: Severity, part: str
) -> None:
    assert says(said(GOOD._replace(**facts), **settings), severity, part)


@pytest.mark.parametrize(
    ("facts", "settings", "part"),
    [
        ({"nodes": TWO}, {"local_datacenter": "dc1"}, "set local_datacenter"),
        ({"nodes": TWO}, {"serial_consistency": "SERIAL"}, "choose SERIAL"),
        ({"replication": {}}, {}, "replica "),
        (with_setting("max_mutation_size", ""), {}, "max_mutation_size"),
        ({"clock_ahead_ms": -499}, {}, "behind"),
    ],
)
def test_what_is_not(facts: dict[str, Any], settings: dict[str, Any], part: str) -> None:
    severities = (WARNING, FAULT)
    findings_ = said(GOOD._replace(**facts), **settings)
    assert not any(says(findings_, severity, part) for severity in severities)


class TestARealOne:
    async def test_of_one_node(self, settings: CassandraSettings) -> None:
        findings_ = await found(settings)
        assert says(findings_, OK, "Cassandra ")
        assert says(findings_, WARNING, "one replica")
        assert says(findings_, WARNING, "commitlog_sync periodic (10s)")
        assert says(findings_, OK, "clocks differ by")
        assert says(findings_, OK, "paxos") or says(findings_, WARNING, "set paxos_variant: v2")
        assert says(findings_, OK, f"keyspace {settings.keyspace} has all tables")
        assert FAULT not in {severity for severity, _ in findings_}

    async def test_with_a_datacenter_that_does_not_exist(self, settings: CassandraSettings) -> None:
        other = settings.model_copy(update={"local_datacenter": "mars"})
        assert says(await found(other), FAULT, "local_datacenter 'mars' has no nodes")

    async def test_before_the_first_start(
        self, settings: CassandraSettings, session: Session
    ) -> None:
        """It creates nothing."""
        new = settings.model_copy(update={"keyspace": new_keyspace()})
        assert says(await found(new), OK, "the first start creates them")
        without = new.model_copy(update={"create_schema": False})
        assert says(await found(without), FAULT, "podium cassandra schema")
        assert await tables_of(session, new.keyspace) == set()

    async def test_of_another_serial_level(self, settings: CassandraSettings) -> None:
        other = settings.model_copy(update={"serial_consistency": "SERIAL"})
        assert says(await found(other), FAULT, "was made for serial_consistency LOCAL_SERIAL")

    async def test_that_is_away(self, settings: CassandraSettings) -> None:
        (port,) = free_ports(1)
        away = settings.model_copy(update={"contact_points": [f"127.0.0.1:{port}"]})
        ((severity, _),) = await found(away)
        assert severity is FAULT
