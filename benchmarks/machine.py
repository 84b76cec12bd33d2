"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

_IN_MEMORY = ("tmpfs", "ramfs")


def file_system(folder: Path) -> str:
    """The type of the file system of a folder."""
    folder = folder.resolve()
    found = {}
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, mounted_at, kind, *_ = line.split()
        if folder.is_relative_to(mounted_at):
            found[len(mounted_at)] = kind
    return found[max(found)] if found else "unknown"


def require_disk(folder: Path) -> None:
    """Refuse a folder in memory, where an fsync costs nothing and the figures would mean nothing."""
    if file_system(folder) in _IN_MEMORY:
        raise SystemExit(f"{folder} is in memory: choose a folder on a disk with --data-dir")


def fsync_microseconds(folder: Path) -> float:
    """How long an fsync of a small append takes, the median of 200."""
    path = folder / "fsync-probe"
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    path.unlink()
    return median(times) * 1e6


def description(folder: Path) -> str:
    """One line: processor, system, versions, disk."""
    return (
        f"{os.cpu_count()} cores ({_processor()}), Linux {platform.release()}, Python {platform.python_version()}, "
        f"grpcio {version('grpcio')}, uvloop {version('uvloop')}; "
        f"{file_system(folder)}, an fdatasync takes {fsync_microseconds(folder):.0f} µs"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Model"):
            return value.strip()
    return platform.machine()


def busy_seconds() -> float:
    """Processor time that the machine has spent so far, on all processes."""
    user, nice, system, _idle, _waiting, irq, soft_irq, steal, *_ = map(
        int, Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:]
    )
    return (user + nice + system + irq + soft_irq + steal) / os.sysconf("SC_CLK_TCK")
