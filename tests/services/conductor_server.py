"""A Conductor server of our own: the stock one, on a Redis, with an index on an Elasticsearch or without one."""

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
{indexing}
conductor.grpc-server.enabled=false
server.address={host}
server.port={port}
loadSample=false
"""

NO_INDEX = "conductor.indexing.enabled=false"
# By default it waits for replicas that one node can't hold.
INDEX = """\
conductor.indexing.enabled=true
conductor.elasticsearch.version=6
conductor.elasticsearch.url={url}
conductor.elasticsearch.indexPrefix={prefix}
conductor.elasticsearch.clusterHealthColor=yellow
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

    def __init__(
        self, folder: Path, redis: tuple[str, int], prefix: str, elasticsearch: str = ""
    ) -> None:
        """Prepare a server.

        Args:
            folder: For its files.
            redis: Host and port of its Redis.
            prefix: Of its keys, and of its indices; its queues' is ``<prefix>_queues``.
            elasticsearch: The URL of its Elasticsearch; without one it keeps no index.
        """
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
                indexing=INDEX.format(url=elasticsearch, prefix=prefix)
                if elasticsearch
                else NO_INDEX,
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
