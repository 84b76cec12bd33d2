"""The ``[stores.<name>]`` tables, each validated by its kind's own settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from podium_backends.registry import MissingDriverError, Registry, UnknownKindError
from podium_core.backend import BackendSpec
from podium_server.config.config import StoreConfig
from podium_server.config.layers import Origins
from podium_server.config.problems import did_you_mean, first_problem, problem_line
from podium_server.config.settings import NONE, Settings
from podium_server.startup_errors import StartupError

DEFAULT_STORE = "main"
# With no configuration at all: nothing needs to be installed.
EMBEDDED: Mapping[str, Mapping[str, Any]] = {
    DEFAULT_STORE: {"kind": "sqlite"},
    "payloads": {"kind": "local_files"},
}
# What PODIUM_STORES__<NAME>__<KEY> can say, and what reads well in a health entry.
STORE_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def resolve_stores(
    settings: Settings, origins: Origins, registry: Registry
) -> dict[str, StoreConfig]:
    """The stores by name; the embedded ones where none is configured.

    Raises:
        StartupError: A name, a kind or a setting is wrong.
    """
    tables = settings.stores or EMBEDDED
    return {
        name: _store(name, table, settings, origins, registry) for name, table in tables.items()
    }


def _store(
    name: str, table: Mapping[str, Any], settings: Settings, origins: Origins, registry: Registry
) -> StoreConfig:
    above = ("stores", name)
    if name == NONE or not STORE_NAME.fullmatch(name):
        fault = f"'{name}' can't be the name of a store: lower case letters, digits and single underscores"
        raise StartupError(problem_line(origins.nearest(above), ("stores",), fault))
    spec = _spec(name, table.get("kind"), origins, registry)
    model = _settings_type(spec)
    values = {key: value for key, value in table.items() if key != "kind"}
    if "path" in model.model_fields:
        values.setdefault("path", settings.data_dir / _file_name(name, model))
    try:
        return StoreConfig(name=name, spec=spec, settings=model.model_validate(values))
    except ValidationError as error:
        raise StartupError(first_problem(error, model, origins.nearest, above=above)) from None


def _file_name(store: str, model: type[BaseModel]) -> str:
    # Where an embedded store lies that doesn't say so: its kind's own name, or the store's.
    default = Path(model.model_fields["path"].default)
    return default.name if store == DEFAULT_STORE else f"{store}{default.suffix}"


def _spec(name: str, kind: Any, origins: Origins, registry: Registry) -> BackendSpec:
    path = ("stores", name, "kind")
    where = origins.nearest(path)
    if kind is None:
        raise StartupError(problem_line(where, path, f"is required ({', '.join(registry.kinds)})"))
    try:
        return registry.spec(str(kind))
    except UnknownKindError:
        raise StartupError(
            problem_line(where, path, did_you_mean(str(kind), registry.kinds))
        ) from None
    except MissingDriverError as error:
        raise StartupError(problem_line(where, path, str(error))) from None


def _settings_type(spec: BackendSpec) -> type[BaseModel]:
    if not issubclass(spec.settings_type, BaseModel):
        raise TypeError(f"{spec.kind}: settings_type must be a pydantic model")
    return spec.settings_type
