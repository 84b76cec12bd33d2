"""The connection to a Cassandra: statements prepared once, rows as tuples, errors of the driver as StorageErrors."""

from podium_backends.cassandra.connection.session import Row, Session, Write
from podium_backends.cassandra.connection.target import Target

__all__ = ["Row", "Session", "Target", "Write"]
