"""Podium and Conductor 3.13.8 on one Redis: our program on its published DAOs, and its stock server."""
