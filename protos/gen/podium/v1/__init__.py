"""Stubs of podium.v1, made by protos/generate.py: do not edit."""
