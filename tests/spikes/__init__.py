"""The WriteSet proven on Cassandra: these stay as tests until the real adapter replaces them."""
