"""A small workflow engine on Podium, to copy from: a decider, an engine, a worker, and a demo of the three."""
