"""The Protocols that a backend implements: one file for each."""
