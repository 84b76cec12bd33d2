"""A Conductor server of our own: the stock one, on a Redis, without an index."""

from __future__ import annotations

import asyncio
import http.client
import json
from pathlib import Path
from typing import Any

from tests.services.conductor_jars import JAVA_VERSIONS, server_jar
from tests.services.java import java
from tests.services.ports import LOOPBACK, free_ports
from tests.services.process import ServerProcess

HEAP = "400m"
TIMEOUT_SECONDS = 60

# What it looks at again by itself it looks at soon: tests wait for that.
PROPERTIES = """\
conductor.db.type=redis_standalone
conductor.queue.type=redis_standalone
conductor.redis.hosts={redis_host}:{redis_port}:us-east-1c
conductor.redis.availabilityZone=us-east-1c
conductor.redis.workflowNamespacePrefix={prefix}
conductor.redis.queueNamespacePrefix={prefix}_queues
conductor.redis.taskDefCacheRefreshInterval=1
conductor.app.systemTaskWorkerCallbackDuration=1s
conductor.app.workflowOffsetTimeout=2s
conductor.indexing.enabled=false
conductor.grpc-server.enabled=false
server.address={host}
server.port={port}
loadSample=false
"""


class RestError(Exception):
    """The server refused a request.

    Attributes:
        status: Of HTTP.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class ConductorServer:
    """One server; ``start`` after ``stop`` or ``kill`` keeps the address.

    Attributes:
        port: Where its REST API is.
        prefix: Of its keys.
    """

    def __init__(self, folder: Path, redis: tuple[str, int], prefix: str) -> None:
        """Takes host and port of its Redis, and the prefix of its keys; its queues' is ``<prefix>_queues``."""
        (self.port,) = free_ports(1)
        self.prefix = prefix
        redis_host, redis_port = redis
        properties = folder / "config.properties"
        properties.write_text(
            PROPERTIES.format(
                host=LOOPBACK,
                port=self.port,
                redis_host=redis_host,
                redis_port=redis_port,
                prefix=prefix,
            ),
            encoding="utf-8",
        )
        command = [java("Conductor", JAVA_VERSIONS), f"-Xmx{HEAP}", "-jar", str(server_jar())]
        command += [f"--spring.config.location=file:{properties}"]
        self.process = ServerProcess("Conductor", command, folder / "conductor.log")

    def start(self) -> None:
        self.process.start(self.answers)

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def answers(self) -> bool:
        """Tell whether the server says that it is healthy."""
        try:
            return bool(self._request("GET", "/health", None)["healthy"])
        except (OSError, http.client.HTTPException, RestError):
            return False

    async def rest(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request to a path below ``/api`` and return what is answered; None where that is nothing.

        Raises:
            RestError: The server refused it.
        """
        return await asyncio.to_thread(self._request, method, f"/api{path}", body)

    def _request(self, method: str, path: str, body: Any) -> Any:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=TIMEOUT_SECONDS)
        try:
            headers = {"Content-Type": "application/json"}
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            said = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RestError(answer.status, said)
        # Some answers are a bare id.
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return json.loads(said) if said and is_json else said or None
