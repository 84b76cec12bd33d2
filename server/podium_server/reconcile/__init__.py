"""Checks of what is kept in two places: the index against the documents, the queues against the executions."""
