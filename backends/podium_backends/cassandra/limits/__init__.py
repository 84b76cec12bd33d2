"""Concurrency limits: the places of a definition are one partition, written by conditional batches."""
