"""An Elasticsearch 6.8 of our own: one small node, from its files, on Java 11 or 17."""

import http.client
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from tests.services.elasticsearch_home import INSTEAD, elasticsearch_home
from tests.services.java import java
from tests.services.ports import LOOPBACK, free_ports
from tests.services.process import ServerProcess

MAIN_CLASS = "org.elasticsearch.bootstrap.Elasticsearch"
HEAP = "512m"
JAVA_VERSIONS = (11, 17)
# Elasticsearch refuses to run as root; this id owns nothing else.
UNPRIVILEGED = 65534
ANSWER_SECONDS = 10

LOG4J2_PROPERTIES = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %-5p %d{HH:mm:ss,SSS} %c{1.} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


class ElasticsearchServer:
    """One node; ``start`` after ``stop`` or ``kill`` keeps address and data.

    Attributes:
        url: Where its REST API is.
        process: The server; it can be paused.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, Any] | None = None) -> None:
        """Prepare a node.

        Args:
            folder: For its files and data, as ``elasticsearch_folder`` gives it: other users have to reach it.
            settings: Further ones of ``elasticsearch.yml``; they replace those that are set here.
        """
        self.port, transport_port = free_ports(2)
        self.url = f"http://{LOOPBACK}:{self.port}"
        as_root = os.geteuid() == 0
        command = java_command(folder)
        shutil.copytree(elasticsearch_home(), folder / "home")
        write_configuration(
            folder,
            {
                "discovery.type": "single-node",
                "network.host": LOOPBACK,
                "http.port": self.port,
                "transport.tcp.port": transport_port,
                "path.data": str(folder / "data"),
                "path.logs": str(folder / "logs"),
                # The disk of a test machine may be nearly full.
                "cluster.routing.allocation.disk.threshold_enabled": False,
                **(settings or {}),
            },
        )
        for name in ("config", "data", "logs", "tmp"):
            (folder / name).mkdir(exist_ok=True)
            if as_root:
                hand_over(folder / name)
        self.process = ServerProcess(
            "Elasticsearch",
            command,
            folder / "elasticsearch.log",
            user=UNPRIVILEGED if as_root else None,
        )

    def start(self) -> None:
        self.process.start(self.answers)

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def answers(self) -> bool:
        """Tell whether the node answers, and can search all its indices."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=5s")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def elasticsearch_folder() -> Iterator[Path]:
    """Give a new folder that other users can reach, unlike those of pytest."""
    with TemporaryDirectory(
        prefix="podium-elasticsearch-", ignore_cleanup_errors=True
    ) as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        yield folder


@contextmanager
def native_elasticsearch() -> Iterator[str]:
    """Run a node in a folder of its own and give its URL."""
    with elasticsearch_folder() as folder:
        server = ElasticsearchServer(folder)
        server.start()
        try:
            yield server.url
        finally:
            # Its data is thrown away, so there is nothing to wait for.
            server.kill()


def write_configuration(folder: Path, settings: Mapping[str, Any]) -> None:
    (folder / "config").mkdir()
    # JSON is YAML.
    (folder / "config" / "elasticsearch.yml").write_bytes(msgspec.json.encode(settings))
    (folder / "config" / "log4j2.properties").write_text(LOG4J2_PROPERTIES, encoding="utf-8")


def hand_over(folder: Path) -> None:
    """Let the unprivileged user own a folder and what is in it."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, UNPRIVILEGED, UNPRIVILEGED)


def java_command(folder: Path) -> list[str]:
    home = folder / "home"
    command = [java("Elasticsearch", JAVA_VERSIONS, instead=INSTEAD), f"-Xms{HEAP}", f"-Xmx{HEAP}"]
    # As its own jvm.options has them: dates are parsed by the JDK's older locale data.
    command += ["-Djava.locale.providers=COMPAT", "-Dfile.encoding=UTF-8", "-Djna.nosys=true"]
    command += ["-Dio.netty.noUnsafe=true", "-Dio.netty.noKeySetOptimization=true"]
    command += ["-Dio.netty.recycler.maxCapacityPerThread=0", "-Dlog4j2.disable.jmx=true"]
    command += ["-Dlog4j.shutdownHookEnabled=false", f"-Djava.io.tmpdir={folder / 'tmp'}"]
    command += [f"-Des.path.home={home}", f"-Des.path.conf={folder / 'config'}"]
    command += ["-Des.distribution.flavor=oss", "-Des.distribution.type=zip"]
    return [*command, "-cp", f"{home}/lib/*", MAIN_CLASS]
