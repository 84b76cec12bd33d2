"""The settings of a ``[stores.<name>]`` table of kind cassandra."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from podium_backends.cassandra.connection import Target
from podium_backends.cassandra.schema import whole_schema

_KEYSPACE = r"[a-z][a-z0-9_]{0,47}"
_DATACENTER = r"[\w.-]+"
_MIB = 1024 * 1024

Replicas = Annotated[int, Field(ge=1)]


class CassandraSettings(BaseModel):
    """A keyspace, whose definitions a Java Conductor 3.13.8 may be using at the same time.

    Attributes:
        contact_points: ``host`` or ``host:port`` of nodes to ask first: a list, or in a variable of the environment a text
            with commas. All nodes listen on the same port.
        port: That port, where no contact point names it.
        keyspace: ``conductor.cassandra.keyspace`` of the Java Conductor.
        username: The role to log in as.
        password: Its password.
        local_datacenter: The datacenter whose nodes are asked; empty: that of the first contact point which answers.
        tls: Whether to speak TLS.
        tls_ca_file: Certificates of authorities that sign those of the nodes. Names of nodes are not compared, so name the
            cluster's own authority, not the system's.
        tls_cert_file: The client's certificate.
        tls_key_file: Its key.
        consistency: The level of reads and writes.
        serial_consistency: The level of conditional writes. With servers in several datacenters it has to be ``SERIAL``. The
            keyspace keeps it, and a server with another one doesn't start.
        replication: Of a keyspace that isn't there yet: how many replicas, or how many in each datacenter, as
            ``{dc1 = 3, dc2 = 3}``, or in a variable of the environment ``dc1:3, dc2:3``.
        create_schema: Whether to create the keyspace and its tables where they lack; otherwise ``podium cassandra schema``
            prints what somebody else has to run.
        connect_timeout_ms: How long a connection may take.
        request_timeout_ms: How long a request may take before its outcome is unknown.
        max_write_bytes: The most bytes of one write to executions; Cassandra's own limit is that of a mutation, 16 MiB.
        event_execution_ttl_seconds: How long an event execution is kept from its add; 0 keeps it.
        place_ttl_seconds: How long a place of a concurrency limit is held that isn't used.
    """

    model_config = ConfigDict(extra="forbid")

    contact_points: list[str] = Field(default=["127.0.0.1"], min_length=1)
    port: int = Field(default=9_042, ge=1, le=65_535)
    keyspace: str = "conductor"
    username: str = ""
    password: SecretStr | None = None
    local_datacenter: str = ""
    tls: bool = False
    tls_ca_file: Path | None = None
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    consistency: Literal["LOCAL_ONE", "ONE", "LOCAL_QUORUM", "QUORUM", "ALL"] = "LOCAL_QUORUM"
    serial_consistency: Literal["LOCAL_SERIAL", "SERIAL"] = "LOCAL_SERIAL"
    replication: Replicas | dict[str, Replicas] = 3
    create_schema: bool = True
    connect_timeout_ms: int = Field(default=5_000, ge=1)
    request_timeout_ms: int = Field(default=10_000, ge=1)
    max_write_bytes: int = Field(default=4 * _MIB, ge=64 * 1024, le=16 * _MIB)
    event_execution_ttl_seconds: int = Field(default=60, ge=0)
    place_ttl_seconds: int = Field(default=60, ge=1)

    @field_validator("contact_points", mode="before")
    @classmethod
    def _listed(cls, contact_points: Any) -> Any:
        if isinstance(contact_points, str):
            return [point for part in contact_points.split(",") if (point := part.strip())]
        return contact_points

    @field_validator("contact_points")
    @classmethod
    def _contact_points(cls, contact_points: list[str]) -> list[str]:
        ports = {port for _, port in map(_host_and_port, contact_points) if port is not None}
        if len(ports) > 1:
            raise ValueError("must name one port: the driver asks all nodes on the same one")
        return contact_points

    @field_validator("keyspace")
    @classmethod
    def _keyspace(cls, keyspace: str) -> str:
        if not re.fullmatch(_KEYSPACE, keyspace):
            raise ValueError("must be up to 48 small letters, digits and '_', a letter first")
        return keyspace

    @field_validator("replication", mode="before")
    @classmethod
    def _by_datacenter(cls, replication: Any) -> Any:
        if isinstance(replication, str) and ":" in replication:
            parts = [part.rpartition(":") for part in replication.split(",")]
            return {datacenter.strip(): replicas.strip() for datacenter, _, replicas in parts}
        return replication

    @field_validator("replication")
    @classmethod
    def _replication(cls, replication: int | dict[str, int]) -> int | dict[str, int]:
        if isinstance(replication, dict) and not all(
            re.fullmatch(_DATACENTER, datacenter) for datacenter in replication
        ):
            raise ValueError("must name datacenters, as {dc1 = 3, dc2 = 3}")
        return replication

    @model_validator(mode="after")
    def _tls_files(self) -> CassandraSettings:
        if not self.tls and (self.tls_ca_file or self.tls_cert_file or self.tls_key_file):
            raise ValueError("files of TLS are named, and tls isn't set")
        if self.tls and not self.tls_ca_file:
            raise ValueError(
                "tls needs tls_ca_file, the authority that signed the nodes' certificates"
            )
        return self

    def target(self, store: str) -> Target:
        """Where to connect.

        Args:
            store: The configured name of the store.
        """
        points = [_host_and_port(point) for point in self.contact_points]
        return Target(
            store=store,
            contact_points=tuple(host for host, _ in points),
            port=next((port for _, port in points if port is not None), self.port),
            keyspace=self.keyspace,
            username=self.username,
            password=self.password.get_secret_value() if self.password else "",
            local_datacenter=self.local_datacenter,
            consistency=self.consistency,
            serial_consistency=self.serial_consistency,
            tls=self.tls,
            tls_ca_file=self.tls_ca_file,
            tls_cert_file=self.tls_cert_file,
            tls_key_file=self.tls_key_file,
            connect_timeout_ms=self.connect_timeout_ms,
            request_timeout_ms=self.request_timeout_ms,
        )

    @property
    def schema_cql(self) -> str:
        """All statements of the keyspace."""
        return whole_schema(self.keyspace, self.replication, self.serial_consistency)


def _host_and_port(point: str) -> tuple[str, int | None]:
    """Of ``host``, ``host:port`` or ``[v6]:port``; an IPv6 address without brackets names no port."""
    host, colon, port = point.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        return point.strip("[]"), None
    if not port.isdigit():
        raise ValueError(f"{point!r} must be host or host:port")
    return host.strip("[]"), int(port)
