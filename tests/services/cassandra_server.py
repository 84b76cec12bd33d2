"""A Cassandra of our own: one small node, from its jars, on Java 11 or 17."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.services.cassandra_jars import INSTEAD, cassandra_jars
from tests.services.java import java
from tests.services.ports import LOOPBACK, accepts_connections, free_ports
from tests.services.process import ServerProcess

MAIN_CLASS = "org.apache.cassandra.service.CassandraDaemon"
READY = "Starting listening for CQL clients"
HEAP = "512m"
# Cassandra 5.0 does not start on any other.
JAVA_VERSIONS = (11, 17)

CASSANDRA_YAML = """\
cluster_name: test
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
commitlog_sync: {commitlog_sync}
data_file_directories: [{folder}/data]
commitlog_directory: {folder}/commitlog
saved_caches_directory: {folder}/saved_caches
hints_directory: {folder}/hints
cdc_raw_directory: {folder}/cdc
endpoint_snitch: SimpleSnitch
listen_address: {host}
rpc_address: {host}
start_native_transport: true
native_transport_port: {native_port}
storage_port: {storage_port}
authenticator: AllowAllAuthenticator
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{{seeds: "{host}:{storage_port}"}}]
"""

PERIODIC = "periodic\ncommitlog_sync_period: 10s"
# Each write is on the disk before it is acknowledged. Otherwise a kill loses those of up to 100 ms.
DURABLE = "batch"

LOGBACK_XML = """\
<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %date{HH:mm:ss,SSS} %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="out"/></root>
</configuration>
"""

# What Cassandra's own start script opens of the JDK's modules.
EXPORTS = (
    "java.base/jdk.internal.misc",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.rmi/sun.rmi.transport.tcp",
    "java.sql/java.sql",
)
OPENS = (
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.module",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.util.jar",
    "java.base/sun.nio.ch",
    "jdk.management/com.sun.management.internal",
)


class ContactPoint(NamedTuple):
    """Where a Cassandra answers CQL."""

    host: str
    port: int


class CassandraServer:
    """One node; ``start`` after ``stop`` or ``kill`` keeps address and data."""

    def __init__(self, folder: Path, *, commitlog_sync: str = PERIODIC) -> None:
        native_port, storage_port = free_ports(2)
        self.contact_point = ContactPoint(LOOPBACK, native_port)
        write_configuration(
            folder,
            native_port=native_port,
            storage_port=storage_port,
            commitlog_sync=commitlog_sync,
        )
        self.process = ServerProcess("Cassandra", java_command(folder), folder / "cassandra.log")

    def start(self) -> None:
        self.process.start(self.answers)

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def answers(self) -> bool:
        """Tell whether the node has said that it listens, and does."""
        return READY in self.process.output() and accepts_connections(self.contact_point.port)


@contextmanager
def native_cassandra() -> Iterator[ContactPoint]:
    """Run a node in a folder of its own and give its address."""
    with TemporaryDirectory(prefix="podium-cassandra-", ignore_cleanup_errors=True) as folder:
        server = CassandraServer(Path(folder))
        server.start()
        try:
            yield server.contact_point
        finally:
            # Its data is thrown away, so there is nothing to wait for.
            server.kill()


def write_configuration(
    folder: Path, *, native_port: int, storage_port: int, commitlog_sync: str
) -> None:
    yaml = CASSANDRA_YAML.format(
        folder=folder,
        host=LOOPBACK,
        native_port=native_port,
        storage_port=storage_port,
        commitlog_sync=commitlog_sync,
    )
    (folder / "cassandra.yaml").write_text(yaml, encoding="utf-8")
    (folder / "logback.xml").write_text(LOGBACK_XML, encoding="utf-8")


def java_command(folder: Path) -> list[str]:
    command = [java("Cassandra", JAVA_VERSIONS, instead=INSTEAD), f"-Xms{HEAP}", f"-Xmx{HEAP}"]
    command += ["-Djdk.attach.allowAttachSelf=true"]
    command += [f"-Dcassandra.config={(folder / 'cassandra.yaml').as_uri()}"]
    command += [f"-Dcassandra.storagedir={folder}", "-Dcassandra-foreground=yes"]
    # A cluster of one has nobody to wait for.
    command += ["-Dcassandra.skip_wait_for_gossip_to_settle=0", "-Dcassandra.ring_delay_ms=1"]
    command += ["-Dcassandra.superuser_setup_delay_ms=0"]
    command += [f"--add-exports={package}=ALL-UNNAMED" for package in EXPORTS]
    command += [f"--add-opens={package}=ALL-UNNAMED" for package in OPENS]
    return [*command, "-cp", f"{folder}:{cassandra_jars()}/*", MAIN_CLASS]
