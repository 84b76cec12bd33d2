-- Before every script that goes by the clock: Redis's own, which all servers share. In tests ARGV[1] is the time instead of 0.
local function now_ms()
  if ARGV[1] ~= '0' then
    return tonumber(ARGV[1])
  end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
