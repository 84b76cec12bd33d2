"""Podium on Cassandra: against its own bare statements, the echo, and Java."""
