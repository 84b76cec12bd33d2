"""Executions in a SQLite file: facts looked up, effects carried out, documents read."""
