"""The index in a SQLite file of its own: entries in tables, their words in FTS5."""
