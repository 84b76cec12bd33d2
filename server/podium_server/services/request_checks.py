"""What only a message can say: which of its fields are there. What they must hold is ``podium_core.requirements``'."""

from __future__ import annotations

from typing import Any

from podium_core.errors import InvalidArgumentError, UnsupportedOperationError


def require_present(request: Any, field: str) -> Any:
    """A message field of the request, once it is known to be there."""
    if not request.HasField(field):
        raise InvalidArgumentError(field, "is required")
    return getattr(request, field)


def optional(request: Any, field: str) -> Any:
    """A field of the request, None where it has none."""
    return getattr(request, field) if request.HasField(field) else None


def refuse_payloads(request: Any) -> None:
    """Refuse to put payloads back: answering ``{}`` in their place would be silently wrong.

    Raises:
        UnsupportedOperationError: The request asks for payloads.
    """
    if request.include_payloads:
        raise UnsupportedOperationError(
            "payloads",
            "include_payloads",
            "include_payloads is not served by this version: leave it out",
        )
