"""The client: remote DAOs that keep podium_core's contract."""
