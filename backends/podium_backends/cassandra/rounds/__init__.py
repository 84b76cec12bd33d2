"""Writes to partitions in rounds, and what a process keeps beside them: its log, hints, and entries that wait."""
