-- How many entries are due, and for how long the oldest is, as far as the first of each bucket tell; how many were set aside.
-- KEYS: failures, then marks, due and entries of each kind and bucket. ARGV: the time.
local now, depth, oldest = now_ms(), 0, nil

local function waits_since(since)
  oldest = math.min(oldest or since, since)
end

for at = 2, #KEYS, 3 do
  local marks, due, entries = KEYS[at], KEYS[at + 1], KEYS[at + 2]
  depth = depth + redis.call('ZCARD', marks) + redis.call('ZCOUNT', due, '-inf', now)
  local token = redis.call('ZRANGE', marks, 0, 0, 'WITHSCORES')[2]
  if token then
    waits_since(tonumber(token) / 1000)
  end
  local first = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 100)
  for _, text in ipairs(#first > 0 and redis.call('HMGET', entries, unpack(first)) or {}) do
    if text then
      waits_since(tonumber(string.match(text, '^%d+ (%d+)')))
    end
  end
end
local age = depth > 0 and math.max(now - (oldest or now), 1) or 0
return { depth, math.floor(age), redis.call('ZCARD', KEYS[1]) }
