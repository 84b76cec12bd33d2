"""One line for a faulty setting: its place, its name, the fault, the valid choices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from podium_server.config.secrets import is_secret, model_at, without_credentials

SHOWN_CHARACTERS = 60

# What pydantic calls a fault → what it is in our words. {value} is what was written, the rest pydantic's context.
_WORDS: Mapping[str, str] = {
    "missing": "is required",
    "int_parsing": "{value} isn't a whole number",
    "int_type": "{value} isn't a whole number",
    "int_from_float": "{value} isn't a whole number",
    "float_parsing": "{value} isn't a number",
    "float_type": "{value} isn't a number",
    "finite_number": "{value} isn't a number",
    "bool_parsing": "{value} is neither true nor false",
    "bool_type": "{value} is neither true nor false",
    "string_type": "{value} isn't text",
    "path_type": "{value} isn't a path",
    "model_type": "{value} isn't a table",
    "model_attributes_type": "{value} isn't a table",
    "dict_type": "{value} isn't a table",
    "tuple_type": "{value} isn't a list",
    "list_type": "{value} isn't a list",
    "too_short": "is empty",
    "greater_than": "{value} must be more than {gt}",
    "greater_than_equal": "{value} is below the least, {ge}",
    "less_than": "{value} must be less than {lt}",
    "less_than_equal": "{value} is above the most, {le}",
}


def did_you_mean(name: str, valid: Iterable[str], *, lead: str = "is unknown") -> str:
    """``'redsi' is unknown; did you mean 'redis'? (sqlite, redis)``."""
    choices = list(valid)
    close = get_close_matches(name.lower(), choices, n=1, cutoff=0.6)
    guess = f"; did you mean '{close[0]}'?" if close else ""
    return f"'{name}' {lead}{guess} ({', '.join(choices)})"


def dotted_path(path: Sequence[str | int]) -> str:
    """``server.listen[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def problem_line(where: str | None, path: Sequence[str | int], fault: str) -> str:
    """``podium.toml:7: stores.main.kind: <fault>``, each part if it is there."""
    return ": ".join(part for part in (where, dotted_path(path), fault) if part)


def first_problem(
    error: ValidationError,
    model: type[BaseModel],
    where: Callable[[tuple[str, ...]], str | None],
    *,
    above: tuple[str, ...] = (),
) -> str:
    """The line for what a model found wrong: the first fault, unknown keys before missing ones, and how many follow.

    Args:
        error: What the model raised.
        model: The model.
        where: The place of a path.
        above: The path of the table that the model validated.
    """
    faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
    line = _line(faults[0], model, where, above)
    return f"{line} (and {len(faults) - 1} more)" if len(faults) > 1 else line


def _line(
    fault: ErrorDetails,
    model: type[BaseModel],
    where: Callable[[tuple[str, ...]], str | None],
    above: tuple[str, ...],
) -> str:
    inner = tuple(fault["loc"])
    place = where(above + tuple(part for part in inner if isinstance(part, str)))
    if fault["type"] == "extra_forbidden":
        table = model_at(model, inner[:-1])
        names = [] if table is None else list(table.model_fields)
        return problem_line(place, above + inner[:-1], did_you_mean(str(inner[-1]), names))
    return problem_line(place, above + inner, _fault(fault, secret=is_secret(model, inner)))


def _fault(fault: ErrorDetails, *, secret: bool) -> str:
    value = "the value" if secret else _shown(fault["input"])
    context = fault.get("ctx", {})
    kind = fault["type"]
    if kind in {"literal_error", "enum"}:
        choices = re.findall(r"'([^']*)'", str(context["expected"]))
        return (
            f"{value} is unknown ({', '.join(choices)})"
            if secret
            else did_you_mean(str(fault["input"]), choices)
        )
    if kind == "value_error":
        return "is refused" if secret else str(context["error"])
    if kind in _WORDS:
        return _WORDS[kind].format(value=value, **context)
    return f"{value}: {fault['msg'][:1].lower()}{fault['msg'][1:]}"


def _shown(value: Any) -> str:
    text = repr(without_credentials(value)) if isinstance(value, str) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
