"""Consuming a queue: messages as an async iterator, with their leases looked after."""

from podium_client.consume.lease import LeasedMessage

__all__ = ["LeasedMessage"]
