"""The two ways in which there is no service: it can't be had on this machine, or it doesn't start."""


class ServiceUnavailableError(Exception):
    """Nothing here can provide the service; the message says in one line what to install."""


class ServiceStartError(Exception):
    """A service that the whole session shares didn't start.

    Attributes:
        service: Its name.
    """

    def __init__(self, service: str, message: str) -> None:
        super().__init__(message)
        self.service = service
