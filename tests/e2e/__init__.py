"""Whole systems: a server, and programs that use it, each in a process of its own."""
