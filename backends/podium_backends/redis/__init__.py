"""Redis 6.2 or newer, standalone or behind Sentinel, on the keys that Conductor 3.13.8 uses."""
