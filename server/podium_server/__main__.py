"""The entry point of ``podium`` and of ``python -m podium_server``."""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Run the command line and exit."""
    # Until a command has handlers of its own, Ctrl-C ends the process without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # grpc's C core writes lines of its own to stderr; what matters of them is raised as well.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from podium_server.cli.run import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
