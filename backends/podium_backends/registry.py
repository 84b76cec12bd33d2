"""The kinds of backends that exist. A kind is imported when somebody asks for it, not before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from podium_core.backend import BackendSpec, DataType

SpecLoader = Callable[[], BackendSpec]


class UnknownKindError(LookupError):
    """No backend of that kind exists.

    Attributes:
        kind: What was asked for.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(f"no backend of kind '{kind}' exists")
        self.kind = kind


class MissingDriverError(Exception):
    """The kind exists, the library that it stands on isn't installed.

    Attributes:
        kind: The kind.
        module: The module that could not be imported.
    """

    def __init__(self, kind: str, module: str) -> None:
        super().__init__(f"kind '{kind}' needs {module}: pip install 'podium-persistence[{kind}]'")
        self.kind = kind
        self.module = module


class Registry:
    """Kinds by name, each with what loads its ``BackendSpec``."""

    def __init__(self, loaders: Mapping[str, SpecLoader]) -> None:
        self._loaders = MappingProxyType(dict(loaders))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that exist, in the order that people are shown."""
        return tuple(self._loaders)

    def spec(self, kind: str) -> BackendSpec:
        """The declaration of a kind.

        Raises:
            UnknownKindError: There is no such kind.
            MissingDriverError: Its library isn't installed.
        """
        loader = self._loaders.get(kind)
        if loader is None:
            raise UnknownKindError(kind)
        try:
            return loader()
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("podium"):
                raise
            raise MissingDriverError(kind, error.name) from error

    def kinds_that_serve(self, data_type: DataType) -> tuple[str, ...]:
        """The kinds that can serve a data type; those without their library are left out."""
        return tuple(kind for kind in self._loaders if self._serves(kind, data_type))

    def _serves(self, kind: str, data_type: DataType) -> bool:
        try:
            return data_type in self.spec(kind).serves
        except MissingDriverError:
            return False


def _spec_in(module: str) -> SpecLoader:
    def load() -> BackendSpec:
        spec = import_module(module).SPEC
        if not isinstance(spec, BackendSpec):
            raise TypeError(f"{module}.SPEC isn't a BackendSpec")
        return spec

    return load


# A kind is one folder with a ``spec`` module, whose ``SPEC`` says what it serves without importing its driver.
REGISTRY = Registry(
    {
        "sqlite": _spec_in("podium_backends.sqlite.spec"),
        "elasticsearch6": _spec_in("podium_backends.elasticsearch6.spec"),
        "redis": _spec_in("podium_backends.redis.spec"),
        "cassandra": _spec_in("podium_backends.cassandra.spec"),
        "local_files": _spec_in("podium_backends.local_files.spec"),
    }
)
