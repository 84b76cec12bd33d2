"""Where a Cassandra is, and how it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import acsylla


@dataclass(frozen=True, kw_only=True)
class Target:
    """A cluster, a keyspace, and the levels of its requests.

    Attributes:
        store: The store's configured name, for errors.
        contact_points: Hosts to ask first.
        port: Of CQL, on every host.
        keyspace: Where the tables are.
        local_datacenter: Only its nodes are asked; empty: any.
        consistency: Of reads and writes, as ``LOCAL_QUORUM``.
        serial_consistency: Of conditional writes, as ``LOCAL_SERIAL``.
    """

    store: str
    contact_points: tuple[str, ...]
    port: int
    keyspace: str
    username: str = ""
    password: str = ""
    local_datacenter: str = ""
    consistency: str = "LOCAL_QUORUM"
    serial_consistency: str = "LOCAL_SERIAL"
    tls: bool = False
    tls_ca_file: Path | None = None
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    connect_timeout_ms: int = 5_000
    request_timeout_ms: int = 10_000

    def cluster(self) -> Any:
        """The driver's cluster, which connects to nobody yet."""
        tls = {"ssl_trusted_cert": _text(self.tls_ca_file), "ssl_cert": _text(self.tls_cert_file)}
        return acsylla.create_cluster(
            list(self.contact_points),
            port=self.port,
            username=self.username or None,
            password=self.password or None,
            connect_timeout=self.connect_timeout_ms / 1000,
            request_timeout=self.request_timeout_ms / 1000,
            load_balance_dc_aware=self.local_datacenter or None,
            consistency=self.consistency,
            serial_consistency=self.serial_consistency,
            constant_reconnect_delay_ms=1_000,
            # The first request goes at once; those that come within this time after it share a wake-up and a write.
            coalesce_delay_us=300,
            # What fails comes as an error; of a Cassandra that isn't a Scylla it says so at each connection.
            log_level="critical",
            ssl_enabled=self.tls,
            **({**tls, "ssl_private_key": _text(self.tls_key_file)} if self.tls else {}),
        )


def _text(file: Path | None) -> str | None:
    return None if file is None else file.read_text(encoding="utf-8")
