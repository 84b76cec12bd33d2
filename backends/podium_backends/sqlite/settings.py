"""The settings of a ``[stores.<name>]`` table of kind sqlite."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

_DEFAULT_NAME = "podium.db"


class SqliteSettings(BaseModel):
    """A database file, and one for the index if that is routed here.

    Attributes:
        path: The file; its folder is made if it isn't there.
        lock_timeout_ms: How long a write waits for other processes' writes before it answers UNAVAILABLE.
        event_execution_ttl_seconds: How long an event execution is kept from its add; 0 keeps it.
        place_ttl_seconds: How long a concurrency limit's place is held for a task that doesn't start.
        index_path: The file of the index; by default beside ``path``: ``index.db``, and ``x-index.db`` for an ``x.db``.
        task_log_result_limit: How many lines of a task's log are returned where the call doesn't say.
        search_timeout_ms: How long a search may take, waiting for other searches included.
        query_right_grouping: Structured queries are grouped as Java groups them: ``a AND b OR c`` is ``a AND (b OR c)``.
    """

    model_config = ConfigDict(extra="forbid")

    path: Path = Path(_DEFAULT_NAME)
    lock_timeout_ms: int = Field(default=5_000, ge=1)
    event_execution_ttl_seconds: int = Field(default=60, ge=0)
    place_ttl_seconds: int = Field(default=60, ge=1)
    index_path: Path | None = None
    task_log_result_limit: int = Field(default=10, ge=1, le=10_000)
    search_timeout_ms: int = Field(default=10_000, ge=1)
    query_right_grouping: bool = False

    @property
    def index_file(self) -> Path:
        """Where the index is."""
        if self.index_path is not None:
            return self.index_path
        own = self.path.name == _DEFAULT_NAME
        return self.path.with_name("index.db" if own else f"{self.path.stem}-index.db")
