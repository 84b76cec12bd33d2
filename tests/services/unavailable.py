"""The one way in which a service says that it can't be had on this machine."""


class ServiceUnavailableError(Exception):
    """Nothing here can provide the service; the message says in one line what to install."""
