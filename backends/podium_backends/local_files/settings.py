"""The settings of a ``[stores.<name>]`` table of kind local_files."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

GIB = 1024 * 1024 * 1024


class LocalFilesSettings(BaseModel):
    """One folder.

    Attributes:
        path: The folder; it is made if it isn't there.
        max_payload_bytes: The largest payload that is stored.
    """

    model_config = ConfigDict(extra="forbid")

    path: Path = Path("payloads")
    max_payload_bytes: int = Field(default=GIB, ge=1)
