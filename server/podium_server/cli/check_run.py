"""One run of a check on a server: its reports to the end, gone on with where the connection breaks."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, Generic, NoReturn, TypeVar

from podium_core.errors import (
    BackendUnavailableError,
    DeadlineExceededError,
    OverloadedError,
    StorageError,
    TransportError,
)
from podium_core.reconcile import IndexReport, QueueReport
from podium_server.cli.progress import Progress
from podium_server.cli.remote import RemoteServer
from podium_server.startup_errors import StartupError

R = TypeVar("R", IndexReport, QueueReport)

# After a report that came: a server takes a moment to start again.
PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
_PASSING = (TransportError, BackendUnavailableError, DeadlineExceededError, OverloadedError)


def asked(address: str, name: str, **fields: Any) -> Any:
    """The answer of a call that isn't a stream.

    Raises:
        StartupError: The server can't be reached, or refuses.
    """
    try:
        with RemoteServer(address) as server:
            return server.ask(name, **fields)
    except StorageError as error:
        raise StartupError(f"{address}: {error.message}") from error


class CheckRun(Generic[R]):
    """Reads the reports of one RPC.

    Attributes:
        progress: What is shown meanwhile.
    """

    def __init__(self, address: str, name: str, read: Callable[[Any], R], token: str) -> None:
        """Args: the server, the RPC, what its answers hold, and where to go on."""
        self.progress = Progress()
        self._address = address
        self._name = name
        self._read: Callable[[Any], R] = read
        self._token = token
        self._failures = 0

    def reports(self, **fields: Any) -> Iterator[R]:
        """The reports. On Ctrl-C it says how to go on, and ends the command.

        Raises:
            StartupError: The server can't be reached, or refuses; or the connection broke too often.
        """
        signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield from self._to_the_end(fields)
        finally:
            self.progress.clear()

    def _interrupt(self, *_: object) -> NoReturn:
        # Said here: Ctrl-C may also come while a report is printed, outside of `reports`.
        self.progress.note(f"podium: interrupted{self._how_to_go_on()}")
        raise KeyboardInterrupt

    def _to_the_end(self, fields: dict[str, Any]) -> Iterator[R]:
        done = False
        while not done:
            try:
                with RemoteServer(self._address) as server:
                    for answer in server.reports(self._name, resume_token=self._token, **fields):
                        report = self._read(answer)
                        self._failures, self._token = 0, report.resume_token
                        done = report.done
                        yield report
                if not done:
                    self._report_failure(TransportError("the stream ended too soon"))
            except StorageError as error:
                self._report_failure(error)

    def _report_failure(self, error: StorageError) -> None:
        # Before the first report there is nothing to go on with: the address is wrong, or nobody serves there.
        hopeless = not self._token or not isinstance(error, _PASSING)
        if hopeless or self._failures >= len(PAUSES_SECONDS):
            raise StartupError(f"{self._address}: {error.message}{self._how_to_go_on()}") from error
        pause = PAUSES_SECONDS[self._failures]
        self._failures += 1
        self.progress.note(f"podium: {error.message}; going on in {pause:g} s")
        time.sleep(pause)

    def _how_to_go_on(self) -> str:
        return f"; go on with --resume {self._token}" if self._token else ""
