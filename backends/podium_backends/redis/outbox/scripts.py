"""The scripts of the outbox."""

from __future__ import annotations

from podium_backends.redis.script_files import clocked_script, script


def _outbox_script(name: str) -> tuple[str, str]:
    return "outbox/entries", f"outbox/{name}"


DUE_ENTRIES = clocked_script(*_outbox_script("due_entries"))
DUE_IN = clocked_script("outbox/due_in")
PUT = clocked_script(*_outbox_script("put"))
BODIES = script(*_outbox_script("bodies"))
CHANGE = clocked_script(*_outbox_script("change"))
LEASE = clocked_script("outbox/lease")
RELEASE = script("outbox/release")
MAKE_DUE = script(*_outbox_script("make_due"))
TRY_AGAIN = script(*_outbox_script("try_again"))
STATS = clocked_script("outbox/stats")
