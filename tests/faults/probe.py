"""Another client while a server is under attack: ``python -m tests.faults.probe ADDRESS`` until its stdin closes.

Prints how many calls went well, how many failed, and the longest, in milliseconds.
"""

from __future__ import annotations

import sys
import threading
import time

import grpc

from podium_protocol.rpcs import rpc

GET_TASK = rpc("ExecutionService", "GetTask")
PAUSE_SECONDS = 0.02
NOT_FOUND = grpc.StatusCode.NOT_FOUND


def main() -> None:
    """Call once each 20 ms."""
    over = threading.Event()
    threading.Thread(target=_wait_for_end, args=(over,), daemon=True).start()
    request = GET_TASK.request(task_id="none").SerializeToString()
    good, failed, longest = 0, 0, 0.0
    with grpc.insecure_channel(sys.argv[1]) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(GET_TASK.path)
        while not over.wait(PAUSE_SECONDS):
            began = time.monotonic()
            try:
                call(request, timeout=10)
            except grpc.RpcError as error:
                if error.code() is not NOT_FOUND:
                    failed += 1
                    continue
            good += 1
            longest = max(longest, time.monotonic() - began)
    sys.stdout.write(f"{good} {failed} {longest * 1000:.1f}\n")


def _wait_for_end(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


if __name__ == "__main__":
    main()
