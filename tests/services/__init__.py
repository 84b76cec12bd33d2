"""Real servers for tests: an address given, a container, or a server started here."""
