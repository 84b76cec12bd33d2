"""Executions, definitions, event handlers, poll data and concurrency limits on a Cassandra 4.1 or newer."""
