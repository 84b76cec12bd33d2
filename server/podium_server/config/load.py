"""Loading the configuration: file, environment and options become one ``Config``, or one line that says what to do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from podium_backends.registry import REGISTRY, Registry
from podium_server.config.config import Config
from podium_server.config.layers import (
    CONFIG_VARIABLE,
    Layer,
    Origins,
    environment_layer,
    file_layer,
)
from podium_server.config.problems import first_problem, problem_line
from podium_server.config.resolve_routing import resolve_routing
from podium_server.config.resolve_stores import resolve_stores
from podium_server.config.settings import Settings
from podium_server.config.variables import unread_variables
from podium_server.startup_errors import StartupError


def load_config(
    path: Path | None = None,
    *,
    options: Layer | None = None,
    environment: Mapping[str, str] | None = None,
    registry: Registry = REGISTRY,
) -> Config:
    """The configuration: options over environment over file over defaults.

    Args:
        path: The file; None: the one that ``PODIUM_CONFIG`` names, or ``podium.toml`` here if there is one.
        options: What the command line sets.
        environment: The variables; None: this process's own.
        registry: The kinds of stores.

    Raises:
        StartupError: Something is wrong; the text says what, where, and what to do.
    """
    environment = os.environ if environment is None else environment
    if path is None and environment.get(CONFIG_VARIABLE):
        path = Path(environment[CONFIG_VARIABLE])
    layers = [options or Layer({}, {}), environment_layer(environment), file_layer(path)]
    origins = Origins(*layers)
    settings = _validate(layers, origins)
    _require_closed_doors(settings, origins)
    stores = resolve_stores(settings, origins, registry)
    return Config(
        data_dir=settings.data_dir,
        server=settings.server,
        stores=stores,
        routing=resolve_routing(settings.routing, stores, origins, registry),
        queues=settings.queues,
        facade=settings.facade,
        payloads=settings.payloads,
        repair=settings.repair,
        logging=settings.logging,
        origins=origins,
        unread_variables=unread_variables(environment, stores.values()),
    )


class _LayerSource(PydanticBaseSettingsSource):
    """A layer, as pydantic-settings merges it."""

    def __init__(self, settings_type: type[BaseSettings], layer: Layer) -> None:
        super().__init__(settings_type)
        self._layer = layer

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._layer.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return dict(self._layer.values)


def _validate(layers: list[Layer], origins: Origins) -> Settings:
    class Layered(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            # The library's own sources know neither lines nor places, and ignore a variable that is misspelt.
            return tuple(_LayerSource(settings_cls, layer) for layer in layers)

    try:
        return Layered()
    except ValidationError as error:
        raise StartupError(first_problem(error, Settings, origins.nearest)) from None


def _require_closed_doors(settings: Settings, origins: Origins) -> None:
    if settings.server.insecure:
        return
    for address in settings.server.addresses:
        if not address.loopback:
            where = origins.of(("server", "listen"))
            fault = f"{address} can be reached by others, in plain text: listen on 127.0.0.1, or say --insecure"
            raise StartupError(problem_line(where, (), fault))
