"""Start the stores that tests use and keep them until Ctrl-C: ``python -m tests.services``."""

import signal
import sys
from contextlib import ExitStack, suppress

from tests.services import providers
from tests.services.unavailable import ServiceUnavailableError


def main() -> int:
    # TERM ends it as Ctrl-C does: by leaving the contexts, which stops the servers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        try:
            url = stack.enter_context(providers.redis())
            host, port = stack.enter_context(providers.cassandra())
            elasticsearch_url = stack.enter_context(providers.elasticsearch())
        except ServiceUnavailableError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"export TEST_REDIS_URL={url}")
        print(f"export TEST_CASSANDRA={host}:{port}")
        print(f"export TEST_ELASTICSEARCH_URL={elasticsearch_url}", flush=True)
        print("Ctrl-C stops them", file=sys.stderr)
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
