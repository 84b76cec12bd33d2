"""The configuration as the server uses it: settings validated, stores and routing resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from podium_core.backend import BackendSpec, Capability, DataType
from podium_core.models import Guarantee
from podium_server.config.layers import Origins
from podium_server.config.settings import (
    FacadeSettings,
    LoggingSettings,
    PayloadSettings,
    QueuesSettings,
    RepairSettings,
    ServerSettings,
)


@dataclass(frozen=True, kw_only=True)
class StoreConfig:
    """One ``[stores.<name>]`` table.

    Attributes:
        name: Its name.
        spec: The kind.
        settings: An instance of ``spec.settings_type``.
    """

    name: str
    spec: BackendSpec
    settings: BaseModel

    @property
    def kind(self) -> str:
        """The name of the kind."""
        return self.spec.kind


@dataclass(frozen=True, kw_only=True)
class Config:
    """The resolved configuration.

    Attributes:
        stores: All stores by name.
        routing: The name of the store that serves each data type; a data type that none serves is absent.
        origins: Where each value comes from.
        unread_variables: Variables ``PODIUM_…`` that no setting reads, each with the nearest that one does.
    """

    data_dir: Path
    server: ServerSettings
    stores: Mapping[str, StoreConfig]
    routing: Mapping[DataType, str]
    queues: QueuesSettings
    facade: FacadeSettings
    payloads: PayloadSettings
    repair: RepairSettings
    logging: LoggingSettings
    origins: Origins
    unread_variables: Mapping[str, str | None]

    def store_of(self, data_type: DataType) -> StoreConfig | None:
        """The store that serves a data type, None where none does."""
        name = self.routing.get(data_type)
        return None if name is None else self.stores[name]

    @property
    def commit_guarantee(self) -> Guarantee:
        """ATOMIC where one store serves executions and queues and can take both into one step: decided here alone."""
        executions = self.store_of(DataType.EXECUTIONS)
        if executions is None or executions is not self.store_of(DataType.QUEUES):
            return Guarantee.ORDERED
        able = executions.spec.capabilities(executions.settings)
        return Guarantee.ATOMIC if Capability.ATOMIC_WITH_QUEUES in able else Guarantee.ORDERED

    @property
    def stores_in_use(self) -> tuple[StoreConfig, ...]:
        """The stores that some data type is routed to, in the order of the file: those to open."""
        used = set(self.routing.values())
        return tuple(store for name, store in self.stores.items() if name in used)

    def data_types_of(self, store: str) -> tuple[DataType, ...]:
        """The data types that a store serves."""
        return tuple(data_type for data_type in DataType if self.routing.get(data_type) == store)
