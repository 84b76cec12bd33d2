"""Executions and queues on Redis: against the embedded store, against Java, and what Redis itself spends."""
