"""The scripts of queues."""

from __future__ import annotations

from podium_backends.redis.script_files import queue_change_script, queue_script

PUSH = queue_change_script("push")
PUSH_IF_ABSENT = queue_change_script("push_if_absent")
PUSH_UNLESS_OLDER = queue_change_script("push_unless_older")
POSTPONE = queue_change_script("postpone")
TAKE = queue_script("take")
GIVE_BACK = queue_change_script("give_back")
ACK = queue_change_script("ack")
SET_UNACK_TIMEOUT = queue_change_script("set_unack_timeout")
REMOVE = queue_change_script("remove")
REMOVE_SEEN = queue_change_script("remove_seen")
REMOVE_OLDER = queue_change_script("remove_older")
FLUSH = queue_change_script("flush")
PROCESS_UNACKS = queue_script("process_unacks")
RESET_OFFSET_TIME = queue_change_script("reset_offset_time")
TOKENS = queue_script("tokens")
COUNTS = queue_script("counts")
FIRST_IDS = queue_script("first_ids")
SCAN = queue_script("scan")
