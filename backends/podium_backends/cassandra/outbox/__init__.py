"""The outbox of executions on Cassandra: entries beside their documents, and how a process and its heirs find them."""
