"""A clock in place of Redis's own, which a test sets while everything runs: for each server of Redis a different one.

It stands in the prologue of the scripts that go by the clock. What expires by itself goes by the real one.
"""

from __future__ import annotations

from tests.faults.stores import CLOCK_KEY

_CLOCK = f"""\
local function now_ms()
  local time = redis.call('TIME')
  local port = string.match(redis.call('INFO', 'server'), 'tcp_port:(%d+)')
  local offset = tonumber(redis.call('HGET', '{CLOCK_KEY}', port) or 0)
  return time[1] * 1000 + math.floor(time[2] / 1000) + offset
end
"""


def install() -> None:
    """Put it in place of ``clock.lua``: before a module is imported that reads scripts."""
    from podium_backends.redis import script_files

    original = script_files._text
    script_files._text = lambda name: _CLOCK if name == "clock" else original(name)
