"""The Python client: against Podium's own server, and against a scripted one where it has to misbehave."""
