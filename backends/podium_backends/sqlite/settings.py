"""The settings of a ``[stores.<name>]`` table of kind sqlite."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class SqliteSettings(BaseModel):
    """One database file.

    Attributes:
        path: The file; its folder is made if it isn't there.
        lock_timeout_ms: How long a write waits for other processes' writes before it answers UNAVAILABLE.
        event_execution_ttl_seconds: How long an event execution is kept from its add; 0 keeps it.
        place_ttl_seconds: How long a concurrency limit's place is held for a task that doesn't start.
    """

    model_config = ConfigDict(extra="forbid")

    path: Path = Path("podium.db")
    lock_timeout_ms: int = Field(default=5_000, ge=1)
    event_execution_ttl_seconds: int = Field(default=60, ge=0)
    place_ttl_seconds: int = Field(default=60, ge=1)
