"""Executions on Redis: what a WriteSet needs is looked up, decided in the core, and carried out by one script."""
