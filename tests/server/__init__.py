"""Tests of the server process: configuration, command line, life."""
