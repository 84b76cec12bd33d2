"""One multiplexed connection: commands of one turn of the event loop leave together, replies are handed out in order."""

from podium_backends.redis.connection.connect import Target
from podium_backends.redis.connection.link import Link
from podium_backends.redis.connection.replies import RedisReplyError
from podium_backends.redis.connection.script import Script
from podium_backends.redis.connection.subscription import Subscription

__all__ = ["Link", "RedisReplyError", "Script", "Subscription", "Target"]
