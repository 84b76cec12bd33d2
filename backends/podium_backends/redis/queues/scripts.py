"""The scripts of queues: most read the same in each layout, the functions before them don't."""

from __future__ import annotations

from functools import cache

from podium_backends.redis.script_files import queue_change_script, queue_script


class QueueScripts:
    """The scripts of one layout."""

    def __init__(self, layout: str) -> None:
        """Takes ``podium`` or ``conductor``."""
        self.push = queue_change_script(layout, "push")
        self.push_if_absent = queue_change_script(layout, "push_if_absent")
        self.push_unless_older = queue_change_script(layout, "push_unless_older")
        self.postpone = queue_change_script(layout, "postpone")
        self.ack = queue_change_script(layout, "ack")
        self.remove = queue_change_script(layout, "remove")
        self.remove_seen = queue_change_script(layout, "remove_seen")
        self.remove_older = queue_change_script(layout, "remove_older")
        self.tokens = queue_script(layout, "tokens")
        # These know the keys of their layout.
        self.give_back = queue_change_script(layout, f"{layout}/give_back")
        self.set_unack_timeout = queue_change_script(layout, f"{layout}/set_unack_timeout")
        self.reset_offset_time = queue_change_script(layout, f"{layout}/reset_offset_time")
        self.flush = queue_change_script(layout, f"{layout}/flush")
        self.take = queue_script(layout, f"{layout}/take", "answer_asks")
        self.process_unacks = queue_script(layout, f"{layout}/process_unacks")
        self.counts = queue_script(layout, f"{layout}/counts")
        self.first_ids = queue_script(layout, f"{layout}/first_ids")


@cache
def queue_scripts(layout: str) -> QueueScripts:
    """The scripts of a layout, read once."""
    return QueueScripts(layout)
