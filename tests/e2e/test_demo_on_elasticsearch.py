"""The demo with its index on Elasticsearch, executions on SQLite or on Redis: its searches find what they have to."""

from __future__ import annotations

from pathlib import Path
from urllib.request import urlopen

from tests.e2e.test_demo import demo, played
from tests.services.ports import LOOPBACK, free_ports


def test_kills_leave_no_workflow_stuck(tmp_path: Path, elasticsearch_url: str) -> None:
    output = played(tmp_path, "--elasticsearch", elasticsearch_url, "--workflows", 15, "--kills", 2)
    assert output.count("(kill -9)") == 2
    with urlopen(f"{elasticsearch_url}/_cat/indices/podium-demo-*") as answer:  # noqa: S310
        assert answer.read() == b""


def test_with_executions_on_redis(tmp_path: Path, elasticsearch_url: str, redis_url: str) -> None:
    stores = ("--redis", redis_url, "--elasticsearch", elasticsearch_url)
    output = played(tmp_path, *stores, "--workflows", 10, "--kills", 1)
    assert "10 of 10 workflows started are COMPLETED" in output


def test_one_that_does_not_answer_is_named(tmp_path: Path) -> None:
    url = f"http://{LOOPBACK}:{free_ports(1)[0]}"
    with demo(tmp_path, "--elasticsearch", url) as process:
        output, _ = process.communicate()
    assert process.returncode == 1
    assert output.startswith(f"--elasticsearch {url}: ")
