"""The settings of a ``[stores.<name>]`` table of kind local_files."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

MIB = 1024 * 1024
GIB = 1024 * MIB


class LocalFilesSettings(BaseModel):
    """One folder.

    Attributes:
        path: The folder; it is made if it isn't there.
        max_payload_bytes: The largest payload that is stored.
        max_total_bytes: The most that all payloads have together; None: no bound. With one the folder is counted at start.
        min_free_bytes: No upload leaves less than this of the disk, on which the database may lie too.
    """

    model_config = ConfigDict(extra="forbid")

    path: Path = Path("payloads")
    max_payload_bytes: int = Field(default=GIB, ge=1)
    max_total_bytes: int | None = Field(default=None, ge=1)
    min_free_bytes: int = Field(default=64 * MIB, ge=0)
