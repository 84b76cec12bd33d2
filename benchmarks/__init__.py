"""Measures Podium against an empty gRPC echo in the same run: ``python -m benchmarks``."""
