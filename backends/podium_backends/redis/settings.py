"""The settings of a ``[stores.<name>]`` table of kind redis."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from podium_backends.redis.connection import Target
from podium_backends.redis.keys import Keys
from podium_backends.redis.queue_keys import ConductorQueueKeys

_DEFAULT_SENTINEL_PORT = 26_379


class RedisSettings(BaseModel):
    """One Redis, which a Java Conductor 3.13.8 may be using at the same time.

    Attributes:
        url: ``redis://host:port/database``, ``rediss://`` for TLS, or ``unix:///path``. Behind Sentinel the host is ignored.
        topology: ``standalone`` or ``sentinel``.
        username: The ACL user.
        password: Its password, or that of ``requirepass``.
        sentinels: ``host:port`` of the Sentinels: a list, or in a variable of the environment a text with commas.
        sentinel_service: What the Sentinels call the primary.
        sentinel_username: The ACL user of the Sentinels.
        sentinel_password: Its password.
        tls_ca_file: Certificates to trust; by default the system's.
        tls_cert_file: The client's certificate.
        tls_key_file: Its key.
        connect_timeout_ms: How long a connection may take.
        response_timeout_ms: How long a reply may take before the connection is given up.
        workflow_prefix: ``conductor.redis.workflowNamespacePrefix`` of the Java Conductor.
        stack: Its ``conductor.app.stack``.
        domain: Its ``conductor.redis.keyspaceDomain``.
        layout: How queues are stored: ``podium``, in keys of Podium's own, or ``conductor``, in those of the Java Conductor,
            which then serves the same queues. On a database that holds other data it has to be said.
        queue_prefix: For the layout ``conductor``: its ``conductor.redis.queueNamespacePrefix``.
        queue_shard: The same: the last character of its ``conductor.redis.availabilityZone``.
        queue_payloads: The same: how its keys of payloads end: ``_payload`` in 3.13.8, ``.PAYLOAD`` in conductor-oss.
        event_execution_ttl_seconds: How long an event execution is kept from its add; 0 keeps it.
        place_ttl_seconds: How long a place of a concurrency limit is held that isn't used.
        time_zone: Whose days workflows are listed under, as ``Europe/Berlin``: the one that the Java Conductor runs in.
    """

    model_config = ConfigDict(extra="forbid")

    url: str = "redis://127.0.0.1:6379/0"
    topology: Literal["standalone", "sentinel", "cluster"] = "standalone"
    username: str = ""
    password: SecretStr | None = None
    sentinels: list[str] = []
    sentinel_service: str = ""
    sentinel_username: str = ""
    sentinel_password: SecretStr | None = None
    tls_ca_file: Path | None = None
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    connect_timeout_ms: int = Field(default=2_000, ge=1)
    response_timeout_ms: int = Field(default=5_000, ge=1)
    workflow_prefix: str = ""
    stack: str = "test"
    domain: str = ""
    layout: Literal["podium", "conductor"] | None = None
    queue_prefix: str = ""
    queue_shard: str = Field(default="c", min_length=1, max_length=1)
    queue_payloads: Literal["_payload", ".PAYLOAD"] = "_payload"
    event_execution_ttl_seconds: int = Field(default=60, ge=0)
    place_ttl_seconds: int = Field(default=60, ge=1)
    time_zone: str = "UTC"

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        if not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return url

    @field_validator("time_zone")
    @classmethod
    def _time_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("must be the name of a time zone, as Europe/Berlin") from error
        return name

    @field_validator("sentinels", mode="before")
    @classmethod
    def _split_addresses(cls, sentinels: Any) -> Any:
        if isinstance(sentinels, str):
            return [address for part in sentinels.split(",") if (address := part.strip())]
        return sentinels

    @field_validator("topology")
    @classmethod
    def _topology(cls, topology: str) -> str:
        if topology == "cluster":
            raise ValueError("a Redis cluster isn't served yet: use standalone or sentinel")
        return topology

    @model_validator(mode="after")
    def _sentinels(self) -> RedisSettings:
        wanted = self.topology == "sentinel"
        if wanted != bool(self.sentinels) or wanted != bool(self.sentinel_service):
            raise ValueError(
                "topology 'sentinel' needs 'sentinels' and 'sentinel_service', and only it takes them"
            )
        return self

    @property
    def keys(self) -> Keys:
        """The key names."""
        return Keys(workflow_prefix=self.workflow_prefix, stack=self.stack, domain=self.domain)

    @property
    def queue_keys(self) -> Keys | ConductorQueueKeys:
        """The names of the keys of queues, in the layout that is set."""
        if self.layout != "conductor":
            return self.keys
        return ConductorQueueKeys(
            self.keys,
            queue_prefix=self.queue_prefix,
            stack=self.stack,
            shard=self.queue_shard,
            payload_suffix=self.queue_payloads,
        )

    def target(self, store: str) -> Target:
        """Where to connect.

        Args:
            store: The configured name of the store.
        """
        return Target(
            store=store,
            url=self.url,
            options=_login(self.username, self.password) | (self._tls() if self._has_tls else {}),
            sentinels=[_address(sentinel) for sentinel in self.sentinels],
            service=self.sentinel_service,
            sentinel_options=_login(self.sentinel_username, self.sentinel_password),
            connect_timeout=self.connect_timeout_ms / 1000,
            reply_timeout=self.response_timeout_ms / 1000,
        )

    @property
    def _has_tls(self) -> bool:
        return self.url.startswith("rediss://")

    def _tls(self) -> dict[str, Any]:
        files: Mapping[str, Path | None] = {
            "ssl_ca_certs": self.tls_ca_file,
            "ssl_certfile": self.tls_cert_file,
            "ssl_keyfile": self.tls_key_file,
        }
        return {name: str(file) for name, file in files.items() if file is not None}


def _login(username: str, password: SecretStr | None) -> dict[str, Any]:
    login: dict[str, Any] = {"username": username} if username else {}
    return login if password is None else {**login, "password": password.get_secret_value()}


def _address(sentinel: str) -> tuple[str, int]:
    host, _, port = sentinel.rpartition(":")
    if not host:
        return sentinel, _DEFAULT_SENTINEL_PORT
    return host, int(port)
