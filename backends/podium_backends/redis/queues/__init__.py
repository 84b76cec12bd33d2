"""Queues on Redis in the layout "podium"."""
