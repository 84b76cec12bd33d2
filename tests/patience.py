"""How long a test waits for what has to come. Only a failure takes that long: a busy machine is slow, and no fault."""

from __future__ import annotations

PATIENCE_SECONDS = 120.0
PATIENCE_MS = 120_000
