"""Tests of what only Cassandra has."""
