"""Input templates: ``${workflow.input.x}`` and ``${reference.output.y}``, filled in from what has happened so far."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

_REFERENCE = re.compile(r"\$\{([^{}]+)\}")


def resolve(template: Any, scope: Mapping[str, Any]) -> Any:
    """The template with every reference replaced.

    Args:
        template: Any JSON value.
        scope: What references start with: ``workflow``, and each task's reference name.

    Returns:
        The same shape. A text that is one reference becomes the value itself, of any type; None where there is no
        such thing.
    """
    if isinstance(template, str):
        return _resolve_text(template, scope)
    if isinstance(template, dict):
        return {key: resolve(value, scope) for key, value in template.items()}
    if isinstance(template, list):
        return [resolve(value, scope) for value in template]
    return template


def _resolve_text(text: str, scope: Mapping[str, Any]) -> Any:
    whole = _REFERENCE.fullmatch(text)
    if whole:
        return _look_up(whole[1], scope)
    return _REFERENCE.sub(lambda reference: _as_text(_look_up(reference[1], scope)), text)


def _look_up(path: str, scope: Mapping[str, Any]) -> Any:
    value: Any = scope
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
