"""The layers of the configuration: command line over environment over file, each knowing where its values stand."""

from __future__ import annotations

import errno
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium_core.private_files import A_FOLDER_IS_THERE
from podium_server.config.problems import did_you_mean
from podium_server.config.settings import Settings
from podium_server.config.toml_lines import KeyPath, key_lines
from podium_server.startup_errors import StartupError

DEFAULT_FILE = "podium.toml"
PREFIX = "PODIUM_"
CONFIG_VARIABLE = "PODIUM_CONFIG"
DATA_DIR_VARIABLE = "PODIUM_DATA_DIR"
FILE_SUFFIX = "_FILE"
NESTED = "__"


@dataclass(frozen=True)
class Layer:
    """Values of one source.

    Attributes:
        values: Nested as the settings are.
        origins: For each path that this layer sets, the place: ``podium.toml:7``, a variable, an option.
    """

    values: Mapping[str, Any]
    origins: Mapping[KeyPath, str]


class LayerBuilder:
    """Collects values with their places."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._origins: dict[KeyPath, str] = {}

    def set(self, path: KeyPath, value: Any, origin: str) -> None:
        """Set a value, making the tables above it."""
        table = self._values
        for name in path[:-1]:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise StartupError(
                    f"{origin}: '{name}' is set as a whole elsewhere, so nothing can be set in it"
                )
        table[path[-1]] = value
        self._origins[path] = origin

    def origin(self, path: KeyPath) -> str | None:
        """The place that set a path already."""
        return self._origins.get(path)

    def layer(self) -> Layer:
        """The layers."""
        return Layer(self._values, self._origins)


def file_layer(path: Path | None) -> Layer:
    """The values of the file; none where no file was named and ``podium.toml`` isn't there.

    Raises:
        StartupError: A named file can't be read, or it isn't valid TOML.
    """
    named = path is not None
    path = path or Path(DEFAULT_FILE)
    text = _text_of(path, named=named)
    if text is None:
        return Layer({}, {})
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StartupError(_syntax_problem(path, error)) from None
    except RecursionError:
        raise StartupError(f"{path}: nested too deeply") from None
    return Layer(values, {key: f"{path}:{line}" for key, line in key_lines(text).items()})


def _text_of(path: Path, *, named: bool) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if not named:
            return None
        raise StartupError(
            f"{path}: no such file; without --config the settings are the defaults"
        ) from None
    except OSError as error:
        raise StartupError(f"{path}: {_unreadable(error)}") from None
    except UnicodeDecodeError:
        raise StartupError(f"{path}: isn't UTF-8 text") from None


def _unreadable(error: OSError) -> str:
    return A_FOLDER_IS_THERE if error.errno == errno.EISDIR else f"can't be read: {error.strerror}"


def _syntax_problem(path: Path, error: tomllib.TOMLDecodeError) -> str:
    # "Expected '=' after a key in a key/value pair (at line 3, column 5)", the only form in which 3.11-3.13 say where.
    what, _, place = str(error).partition(" (at ")
    line = place.removeprefix("line ").partition(",")[0]
    where = f"{path}:{line}" if line.isdecimal() else f"{path}"
    return f"{where}: not valid TOML: {what[:1].lower()}{what[1:]}"


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """The values of the variables ``PODIUM_<SECTION>__<KEY>``, and of files named by ``…_FILE``.

    A variable without ``__`` is no setting, ``PODIUM_DATA_DIR`` aside: Kubernetes sets ``PODIUM_PORT`` and its like for
    a service of that name. ``unread_variables`` finds those that are misspelt.

    Raises:
        StartupError: A variable of no section, a file that can't be read, or a value that is given twice.
    """
    builder = LayerBuilder()
    if environment.get(DATA_DIR_VARIABLE):
        builder.set(("data_dir",), environment[DATA_DIR_VARIABLE], DATA_DIR_VARIABLE)
    for name in sorted(environment):
        if name.startswith(PREFIX) and NESTED in name:
            _set_variable(builder, name, environment[name])
    return builder.layer()


def _set_variable(builder: LayerBuilder, name: str, text: str) -> None:
    bare = name.removesuffix(FILE_SUFFIX)
    path = tuple(part.lower() for part in bare.removeprefix(PREFIX).split(NESTED))
    _require_section(name, path)
    before = builder.origin(path)
    if before is not None:
        raise StartupError(f"{before} and {name} are both set: keep one")
    builder.set(path, text if bare == name else _secret_in(name, Path(text)), name)


def _require_section(name: str, path: KeyPath) -> None:
    sections = [key for key in Settings.model_fields if key != "data_dir"]
    if path[0] not in sections:
        raise StartupError(f"{name}: {did_you_mean(path[0], sections)}")
    if not all(path):
        raise StartupError(f"{name}: a name is missing between the underscores")
    if path[:2] == ("queues", "per_queue"):
        raise StartupError(
            f"{name}: queue names know upper and lower case, which variables don't: use {DEFAULT_FILE}"
        )


def _secret_in(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise StartupError(f"{variable}: {path}: {_unreadable(error)}") from None
    except UnicodeDecodeError:
        raise StartupError(f"{variable}: {path} isn't UTF-8 text") from None


def option_layer(
    *, listen: list[str] | None = None, insecure: bool = False, data_dir: Path | None = None
) -> Layer:
    """The values of the command line."""
    builder = LayerBuilder()
    if listen:
        builder.set(("server", "listen"), ",".join(listen), "--listen")
    if insecure:
        builder.set(("server", "insecure"), value=True, origin="--insecure")
    if data_dir is not None:
        builder.set(("data_dir",), data_dir, "--data-dir")
    return builder.layer()


class Origins:
    """Where values come from, over all layers."""

    def __init__(self, *layers: Layer) -> None:
        """Args: the layers, the strongest first."""
        self._layers = layers

    def of(self, path: KeyPath) -> str | None:
        """The place that set a path; None where its default holds."""
        return next((layer.origins[path] for layer in self._layers if path in layer.origins), None)

    def nearest(self, path: KeyPath) -> str | None:
        """The place of the path, or of the closest table above it."""
        for length in range(len(path), 0, -1):
            origin = self.of(path[:length])
            if origin is not None:
                return origin
        return None
