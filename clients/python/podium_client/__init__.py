"""The client: remote DAOs that keep podium_core's contract, and what makes them pleasant to use."""

from podium_client.client import Podium, PodiumClient
from podium_client.consume import LeasedMessage
from podium_client.retry import RetryPolicy

__all__ = ["LeasedMessage", "Podium", "PodiumClient", "RetryPolicy"]
