"""Checks which fields of a message are present. ``podium_core.requirements`` checks their values."""

from __future__ import annotations

from typing import Any

from podium_core.errors import InvalidArgumentError


def require_present(request: Any, field: str) -> Any:
    """A message field of the request, once it is known to be there."""
    if not request.HasField(field):
        raise InvalidArgumentError(field, "is required")
    return getattr(request, field)


def optional(request: Any, field: str) -> Any:
    """A field of the request, None where it has none."""
    return getattr(request, field) if request.HasField(field) else None
