"""The embedded default: SQLite files, in WAL mode, fsynced before a write is acknowledged."""
