-- How many entries are due, and since when the oldest is; how many were set aside.
-- KEYS: failures, then marks and due of each kind and bucket. ARGV: the time.
local now, depth, oldest = now_ms(), 0, nil
for at = 2, #KEYS, 2 do
  depth = depth + redis.call('ZCARD', KEYS[at]) + redis.call('ZCOUNT', KEYS[at + 1], '-inf', now)
  local token = redis.call('ZRANGE', KEYS[at], 0, 0, 'WITHSCORES')[2]
  local due_ms = redis.call('ZRANGEBYSCORE', KEYS[at + 1], '(0', now, 'WITHSCORES', 'LIMIT', 0, 1)[2]
  for _, since in ipairs({ token and tonumber(token) / 1000 or now, due_ms and tonumber(due_ms) or now }) do
    oldest = math.min(oldest or since, since)
  end
end
local age = depth > 0 and math.max(now - (oldest or now), 0) or 0
return { depth, math.floor(age), redis.call('ZCARD', KEYS[1]) }
