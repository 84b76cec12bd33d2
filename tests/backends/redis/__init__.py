"""What only Redis has: the connection, scripts, keys."""
