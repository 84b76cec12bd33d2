-- How many messages queues have, how many of those are leased, and how many leases have lapsed: by name.
-- KEYS: a queue whose name is ''. ARGV: the time, the first name and the last, as ZRANGEBYLEX takes them, how many.
local now = now_ms()
local counts = {}
for _, name in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4])) do
  local leases = KEYS[4] .. name
  table.insert(counts, {
    name,
    math.max(redis.call('HLEN', KEYS[2] .. name) - 1, 0),
    redis.call('ZCARD', leases),
    redis.call('ZCOUNT', leases, '-inf', now),
  })
end
return counts
