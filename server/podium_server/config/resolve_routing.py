"""Which store serves which data type: a default and exceptions; what can't be is refused with the valid choices."""

from __future__ import annotations

from collections.abc import Mapping

from podium_backends.registry import Registry
from podium_core.backend import DataType
from podium_server.config.config import StoreConfig
from podium_server.config.layers import Origins
from podium_server.config.problems import did_you_mean, problem_line
from podium_server.config.resolve_stores import DEFAULT_STORE
from podium_server.config.settings import NONE, RoutingSettings
from podium_server.startup_errors import StartupError

# The data types that an engine can do without.
OPTIONAL = frozenset({DataType.INDEX, DataType.PAYLOADS})


def resolve_routing(
    settings: RoutingSettings,
    stores: Mapping[str, StoreConfig],
    origins: Origins,
    registry: Registry,
) -> dict[DataType, str]:
    """The store of each data type. One that nobody serves is absent; only index and payloads can be.

    Raises:
        StartupError: A store is unknown, or can't serve what it is asked to.
    """
    resolver = _Resolver(settings, stores, origins, registry)
    routing = {}
    for data_type in DataType:
        name = resolver.store_of(data_type)
        if name is not None:
            routing[data_type] = name
    resolver.require_limits_beside_executions(routing)
    return routing


class _Resolver:
    def __init__(
        self,
        settings: RoutingSettings,
        stores: Mapping[str, StoreConfig],
        origins: Origins,
        registry: Registry,
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._origins = origins
        self._registry = registry
        self._default = self._default_store()

    def store_of(self, data_type: DataType) -> str | None:
        said: str | None = getattr(self._settings, data_type.value)
        if said is None:
            return self._by_default(data_type)
        if said == NONE and data_type in OPTIONAL:
            return None
        self._require_known(data_type.value, said)
        self._require_served(data_type, said, setting=data_type.value)
        return said

    def require_limits_beside_executions(self, routing: Mapping[DataType, str]) -> None:
        limits, executions = routing[DataType.CONCURRENCY_LIMITS], routing[DataType.EXECUTIONS]
        if limits != executions:
            fault = f"concurrency limits must be where executions are, for now: use '{executions}'"
            raise self._problem("concurrency_limits", limits, fault)

    def _default_store(self) -> str:
        said = self._settings.default
        if said is not None:
            self._require_known("default", said)
            return said
        if len(self._stores) == 1:
            return next(iter(self._stores))
        if DEFAULT_STORE in self._stores:
            return DEFAULT_STORE
        where = self._origins.nearest(("routing", "default"))
        fault = f"is required with several stores ({', '.join(self._stores)})"
        raise StartupError(problem_line(where, ("routing", "default"), fault))

    def _by_default(self, data_type: DataType) -> str | None:
        serves = self._stores[self._default].spec.serves
        if data_type in OPTIONAL and data_type not in serves:
            # The one store that can serve it was configured for it.
            able = [name for name, store in self._stores.items() if data_type in store.spec.serves]
            return able[0] if len(able) == 1 else None
        self._require_served(data_type, self._default, setting="default")
        return self._default

    def _require_known(self, setting: str, name: str) -> None:
        if name not in self._stores:
            choices = [*self._stores, *([NONE] if setting in OPTIONAL else [])]
            fault = did_you_mean(name, choices, lead="isn't a store")
            where = self._origins.nearest(("routing", setting))
            raise StartupError(problem_line(where, ("routing", setting), fault))

    def _require_served(self, data_type: DataType, name: str, *, setting: str) -> None:
        kind = self._stores[name].kind
        if data_type in self._stores[name].spec.serves:
            return
        kinds = self._registry.kinds_that_serve(data_type)
        others = ", ".join([*kinds, *([NONE] if data_type in OPTIONAL else [])]) or NONE
        raise self._problem(
            data_type.value,
            name,
            f"{kind} does not serve {data_type}; stores that do: {others}",
            place=setting,
        )

    def _problem(
        self, setting: str, value: str, fault: str, *, place: str | None = None
    ) -> StartupError:
        where = self._origins.of(("routing", place or setting))
        return StartupError(problem_line(where, (), f'routing.{setting} = "{value}": {fault}'))
