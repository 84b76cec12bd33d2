"""A SQLite file: connections, the writer that groups calls into one transaction, readers, pages."""
