-- Before every script that goes by the clock: Redis's own, which all servers share. ARGV[1] moves it in tests.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
end
