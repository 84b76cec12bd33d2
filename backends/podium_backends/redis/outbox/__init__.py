"""The outbox on Redis: marks and entries in sorted sets, one for each kind and bucket."""
