"""The command ``podium``."""
