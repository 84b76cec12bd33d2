"""The settings of a store of kind cassandra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from podium_backends.cassandra.schema import create_keyspace
from podium_backends.cassandra.settings import CassandraSettings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"contact_points": []}, "at least 1 item"),
        ({"contact_points": ""}, "at least 1 item"),
        ({"contact_points": ["a:1", "b:2"]}, "must name one port"),
        ({"contact_points": ["a:b"]}, "must be host or host:port"),
        ({"keyspace": "Shop"}, "small letters"),
        ({"keyspace": "a" * 49}, "up to 48"),
        ({"keyspace": "shop; DROP"}, "small letters"),
        ({"consistency": "ANY"}, "LOCAL_QUORUM"),
        ({"serial_consistency": "QUORUM"}, "LOCAL_SERIAL"),
        ({"replication": 0}, "greater than or equal to 1"),
        ({"replication": {"dc1": 0}}, "greater than or equal to 1"),
        ({"replication": {"dc'1": 3}}, "must name datacenters"),
        ({"replication": "three"}, "valid integer"),
        ({"tls_ca_file": "/ca.pem"}, "tls isn't set"),
        ({"tls": True}, "tls needs tls_ca_file"),
        ({"max_write_bytes": 17 * 1024 * 1024}, "less than or equal to"),
        ({"keyspase": "x"}, "Extra inputs"),
    ],
)
def test_mistakes_are_named(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        CassandraSettings.model_validate(settings)


@pytest.mark.parametrize(
    ("points", "port", "hosts", "used"),
    [
        (["a", "b"], 9142, ("a", "b"), 9142),
        (["a:1", "b"], 9142, ("a", "b"), 1),
        ("a:1, b:1,", 9142, ("a", "b"), 1),
        (["::1"], 9142, ("::1",), 9142),
        (["[::1]:7", "[::2]"], 9142, ("::1", "::2"), 7),
    ],
)
def test_contact_points(points: Any, port: int, hosts: tuple[str, ...], used: int) -> None:
    settings = CassandraSettings.model_validate({"contact_points": points, "port": port})
    target = settings.target("main")
    assert (target.contact_points, target.port) == (hosts, used)


@pytest.mark.parametrize(
    ("replication", "options"),
    [
        (3, "{'class': 'SimpleStrategy', 'replication_factor': 3}"),
        ("2", "{'class': 'SimpleStrategy', 'replication_factor': 2}"),
        ({"dc1": 3}, "{'class': 'NetworkTopologyStrategy', 'dc1': 3}"),
        ("dc1:3, eu-2 : 2", "{'class': 'NetworkTopologyStrategy', 'dc1': 3, 'eu-2': 2}"),
    ],
)
def test_replication(replication: Any, options: str) -> None:
    settings = CassandraSettings.model_validate({"replication": replication})
    cql = create_keyspace("shop", settings.replication)
    assert cql == f"CREATE KEYSPACE IF NOT EXISTS shop WITH replication = {options}"


def test_passwords_are_not_shown() -> None:
    settings = CassandraSettings.model_validate({"username": "u", "password": "hidden"})
    assert "hidden" not in repr(settings)
    assert (settings.target("main").username, settings.target("main").password) == ("u", "hidden")


def test_files_of_tls() -> None:
    settings = CassandraSettings.model_validate({"tls": True, "tls_ca_file": "/ca.pem"})
    target = settings.target("main")
    assert (target.tls, target.tls_ca_file) == (True, Path("/ca.pem"))
