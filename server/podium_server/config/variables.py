"""Variables ``PODIUM_…`` that no setting reads: misspelt ones are named at start, those of others are left alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from pydantic import BaseModel

from podium_server.config.config import StoreConfig
from podium_server.config.layers import (
    CONFIG_VARIABLE,
    DATA_DIR_VARIABLE,
    FILE_SUFFIX,
    NESTED,
    PREFIX,
)
from podium_server.config.settings import Settings

_LISTEN = f"{PREFIX}SERVER{NESTED}LISTEN"
_CLIENT = frozenset(
    f"{PREFIX}{name}" for name in ("ADDRESS", "CONNECTIONS", "TIMEOUT_SECONDS", "TLS_CERTIFICATE")
)
# What Kubernetes and Docker set for a service whose name begins with "podium".
_LINK_NAME = re.compile(
    rf"{PREFIX}(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_LINK_PORT = re.compile(rf"{PREFIX}(\w+_)?PORT=(tcp|udp|sctp)://.*", re.DOTALL)
_SIMILAR = 0.75


def unread_variables(
    environment: Mapping[str, str], stores: Iterable[StoreConfig]
) -> Mapping[str, str | None]:
    """The variables ``PODIUM_…`` that neither the server nor the client reads, each with the nearest that is read.

    A warning, no mistake: an environment may hold such variables of other programs. Those with ``__`` are not among
    them, since they are refused where they name no setting. Neither are links to a service of Kubernetes or Docker.
    """
    spellings = dict(_spellings([*_settings(), *_store_settings(stores)]))
    return {
        name: _nearest(name, spellings)
        for name in sorted(environment)
        if name.startswith(PREFIX)
        and NESTED not in name
        and name not in {CONFIG_VARIABLE, DATA_DIR_VARIABLE, *_CLIENT}
        and not _is_link(name, environment[name])
    }


def _is_link(name: str, value: str) -> bool:
    # The value tells PODIUM_PORT=tcp://10.0.0.1:50051 from a port that somebody wants to listen on.
    return bool(_LINK_NAME.fullmatch(name) or _LINK_PORT.fullmatch(f"{name}={value}"))


def _settings() -> Iterator[str]:
    yield CONFIG_VARIABLE
    yield DATA_DIR_VARIABLE
    for section, field in Settings.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from (_variable(section, key) for key in type(field.default).model_fields)


def _store_settings(stores: Iterable[StoreConfig]) -> Iterator[str]:
    for store in stores:
        for key in type(store.settings).model_fields:
            yield _variable("stores", store.name, key)


def _variable(*path: str) -> str:
    return PREFIX + NESTED.join(path).upper()


def _spellings(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """How a setting may be called by mistake: by its last part, or with single underscores."""
    yield from (("HOST", _LISTEN), ("PORT", _LISTEN))
    for name in reversed(list(names)):
        bare = name.removeprefix(PREFIX)
        yield bare.rpartition(NESTED)[2], name
        yield bare.replace(NESTED, "_"), name


def _nearest(name: str, spellings: Mapping[str, str]) -> str | None:
    bare = name.removeprefix(PREFIX).removesuffix(FILE_SUFFIX).upper()
    close = get_close_matches(bare, spellings, n=1, cutoff=_SIMILAR)
    return spellings[close[0]] if close else None
