"""The configuration in effect and the source of each value, as TOML that can be used as it is, but for secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from podium_core.backend import DataType
from podium_server.config.config import Config, StoreConfig
from podium_server.config.layers import Origins
from podium_server.config.secrets import HIDDEN, without_credentials
from podium_server.config.settings import NONE
from podium_server.config.toml_lines import KeyPath

DEFAULT = "default"
SECTIONS = ("server", "queues", "facade", "payloads", "repair", "logging")


def shown_lines(config: Config) -> Iterator[str]:
    """One line for each setting: ``server.insecure = false  # default``."""
    rows = list(_rows(config))
    width = min(max(len(setting) for setting, _ in rows), 72)
    for setting, origin in rows:
        yield f"{setting:<{width}}  # {origin}"


def warning_lines(config: Config) -> Iterator[str]:
    """One line for each variable that may be misspelt: ``podium: no setting reads PODIUM_LISTEN; did you mean …?``."""
    for name, nearest in config.unread_variables.items():
        guess = f"; did you mean {nearest}?" if nearest else ""
        yield f"podium: no setting reads {name}{guess}"


def _rows(config: Config) -> Iterator[tuple[str, str]]:
    yield _row(("data_dir",), config.data_dir, config.origins)
    for section in SECTIONS:
        yield from _model_rows((section,), getattr(config, section), config.origins)
    for store in config.stores.values():
        yield from _store_rows(store, config.origins)
    for data_type in DataType:
        yield _routing_row(data_type, config)


def _model_rows(above: KeyPath, model: BaseModel, origins: Origins) -> Iterator[tuple[str, str]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _model_rows((*above, name), value, origins)
        elif isinstance(value, dict) and any(
            isinstance(inner, BaseModel) for inner in value.values()
        ):
            for key, inner in value.items():
                yield from _model_rows((*above, name, key), inner, origins)
        elif value != {}:
            yield _row((*above, name), value, origins)


def _store_rows(store: StoreConfig, origins: Origins) -> Iterator[tuple[str, str]]:
    above = ("stores", store.name)
    yield _row((*above, "kind"), store.kind, origins)
    for setting, origin in _model_rows(above, store.settings, origins):
        by_data_dir = origin == DEFAULT and setting.startswith(f"stores.{store.name}.path ")
        yield setting, (origins.of(("data_dir",)) or DEFAULT) if by_data_dir else origin


def _routing_row(data_type: DataType, config: Config) -> tuple[str, str]:
    path = ("routing", data_type.value)
    origin = config.origins.of(path) or config.origins.of(("routing", "default")) or DEFAULT
    return _assignment(path, config.routing.get(data_type, NONE)), origin


def _row(path: KeyPath, value: Any, origins: Origins) -> tuple[str, str]:
    return _assignment(path, value), origins.of(path) or DEFAULT


def _assignment(path: KeyPath, value: Any) -> str:
    name = ".".join(_key(part) for part in path)
    return f"# {name} is not set" if value is None else f"{name} = {_literal(value)}"


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else json.dumps(name)


def _literal(value: Any) -> str:
    if isinstance(value, SecretStr | SecretBytes):
        return json.dumps(HIDDEN)
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(_literal(inner) for inner in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(str(key))} = {_literal(inner)}' for key, inner in value.items())} }}"
    # JSON's escapes are TOML's, as long as nothing outside ASCII is turned into surrogates.
    text = str(value) if isinstance(value, Path) else f"{value}"
    return json.dumps(without_credentials(text), ensure_ascii=False)
