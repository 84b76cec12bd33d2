"""As many open files as the system lets this process have: each connection is one."""

from __future__ import annotations

import resource
from contextlib import suppress

# More would cost gRPC's tables memory, and no server has so many clients.
MOST_FILES = 65_536


def allow_open_files() -> None:
    """Raise the soft limit of open files towards the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
