"""The demo with its executions on Cassandra, queues on SQLite or on Redis."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.test_demo import demo, played
from tests.services.cassandra_server import ContactPoint
from tests.services.ports import LOOPBACK, free_ports


def test_kills_leave_no_workflow_stuck(
    tmp_path: Path, cassandra_contact_point: ContactPoint
) -> None:
    address = f"{cassandra_contact_point.host}:{cassandra_contact_point.port}"
    output = played(tmp_path, "--cassandra", address, "--workflows", 15, "--kills", 2)
    assert output.count("(kill -9)") == 2


def test_with_queues_on_redis(
    tmp_path: Path, cassandra_contact_point: ContactPoint, redis_url: str
) -> None:
    address = f"{cassandra_contact_point.host}:{cassandra_contact_point.port}"
    stores = ("--redis", redis_url, "--cassandra", address)
    output = played(tmp_path, *stores, "--workflows", 10, "--kills", 1)
    assert "10 of 10 workflows started are COMPLETED" in output


def test_one_that_does_not_answer_is_named(tmp_path: Path) -> None:
    address = f"{LOOPBACK}:{free_ports(1)[0]}"
    with demo(tmp_path, "--cassandra", address) as process:
        output, _ = process.communicate()
    assert process.returncode == 1
    assert output.startswith(f"--cassandra {address}: ")
