"""Which settings are secret, and how they are kept out of what people and logs see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, SecretBytes, SecretStr

HIDDEN = "********"
# Passwords inside URLs: redis://user:password@host. What stands before the colon stays.
_CREDENTIALS = re.compile(r"(?<=://)([^/@:\s]*):[^/\s]*@")


def without_credentials(text: str) -> str:
    """The text with the password of a URL hidden."""
    return _CREDENTIALS.sub(rf"\1:{HIDDEN}@", text)


def is_secret(model: type[BaseModel], path: Sequence[str | int]) -> bool:
    """Whether a path below a model is a secret field, or lies in one."""
    for length in range(1, len(path) + 1):
        table = model_at(model, path[: length - 1])
        field = None if table is None else table.model_fields.get(str(path[length - 1]))
        if field is not None and _mentions_secret(field.annotation):
            return True
    return False


def model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    """The model that validates the table at a path, tables by name (``dict[str, Model]``) included."""
    annotation: Any = model
    for part in path:
        found = _model_in(annotation)
        if found is not None and str(part) in found.model_fields:
            annotation = found.model_fields[str(part)].annotation
        elif get_args(annotation):
            annotation = get_args(annotation)[-1]
        else:
            return None
    return _model_in(annotation)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if (
        isinstance(annotation, type)
        and not get_args(annotation)
        and issubclass(annotation, BaseModel)
    ):
        return annotation
    for argument in get_args(annotation):
        if (
            isinstance(argument, type)
            and not get_args(argument)
            and issubclass(argument, BaseModel)
        ):
            return argument
    return None


def _mentions_secret(annotation: Any) -> bool:
    if isinstance(annotation, type) and not get_args(annotation):
        return issubclass(annotation, SecretStr | SecretBytes)
    return any(_mentions_secret(argument) for argument in get_args(annotation))
