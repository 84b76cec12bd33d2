"""Queues on Redis, in two layouts: ``podium_layout``, and ``conductor_layout``, which a Java Conductor shares."""
