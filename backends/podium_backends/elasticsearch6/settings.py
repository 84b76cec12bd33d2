"""The settings of a ``[stores.<name>]`` table of kind elasticsearch6."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from podium_backends.elasticsearch6.names import PREFIX_PATTERN, IndexNames
from podium_backends.elasticsearch6.setup import Shards


class ElasticsearchSettings(BaseModel):
    """An Elasticsearch 6.8, whose indices a Java Conductor 3.13.8 may be using at the same time.

    Attributes:
        urls: ``http://host:port`` of its nodes: a list, or in a variable of the environment a text with commas.
        username: Of basic authentication.
        password: Its password.
        tls_ca_file: Certificates to trust; by default the system's.
        tls_cert_file: The client's certificate.
        tls_key_file: Its key.
        index_prefix: ``conductor.elasticsearch.indexPrefix`` of the Java Conductor.
        shards: How many shards a new index of workflows or tasks has; as its ``indexShardCount``. A time slice has one.
        replicas: How often a new index is there besides; as its ``indexReplicasCount``.
        request_timeout_ms: How long a request may take that isn't a search.
        search_timeout_ms: How long a search may take.
        connections: The most connections to a node.
        task_log_result_limit: Lines of a task's log where the call doesn't say how many; as its ``taskLogResultLimit``.
        query_right_grouping: AND and OR of queries group from the right, as in Java.
    """

    model_config = ConfigDict(extra="forbid")

    urls: list[str] = ["http://127.0.0.1:9200"]
    username: str = ""
    password: SecretStr | None = None
    tls_ca_file: Path | None = None
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    index_prefix: str = "conductor"
    shards: int = Field(default=5, ge=1, le=1_024)
    replicas: int = Field(default=1, ge=0, le=100)
    request_timeout_ms: int = Field(default=30_000, ge=1)
    search_timeout_ms: int = Field(default=10_000, ge=1)
    connections: int = Field(default=10, ge=1)
    task_log_result_limit: int = Field(default=10, ge=1, le=10_000)
    query_right_grouping: bool = False

    @field_validator("urls", mode="before")
    @classmethod
    def _listed(cls, urls: Any) -> Any:
        if isinstance(urls, str):
            return [url for part in urls.split(",") if (url := part.strip())]
        return urls

    @field_validator("urls")
    @classmethod
    def _urls(cls, urls: list[str]) -> list[str]:
        if not urls:
            raise ValueError("must name a node")
        for url in urls:
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"{url!r} must begin with http:// or https://")
        return urls

    @field_validator("index_prefix")
    @classmethod
    def _prefix(cls, prefix: str) -> str:
        if not re.fullmatch(PREFIX_PATTERN, prefix):
            raise ValueError("must be small letters, digits, '.', '_' and '-'")
        return prefix

    @property
    def names(self) -> IndexNames:
        """The names of its indices."""
        return IndexNames(self.index_prefix)

    @property
    def new_indices(self) -> Shards:
        """How new indices are divided."""
        return Shards(self.shards, self.replicas)
