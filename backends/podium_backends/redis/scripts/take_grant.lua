-- One grant of a rate limit: at most so many in any window.
-- KEYS: the grants, by time. ARGV: the time, grants, window in ms, the grant's id. Returns 1 where it is refused.
local now = now_ms()
local window = tonumber(ARGV[3])
-- The clock was set back: such grants count as given now, which is later than they were.
for _, grant in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
  redis.call('ZADD', KEYS[1], now, grant)
end
-- A grant counts for a whole window: it may have been given at the end of its millisecond.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. (now - window))
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 1
end
redis.call('ZADD', KEYS[1], now, string.format('%.0f', now) .. ':' .. ARGV[4])
redis.call('PEXPIRE', KEYS[1], window + 1)
return 0
