"""Podium's generated gRPC stubs."""
