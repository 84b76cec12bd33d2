-- How long until the next entry is due; -1 without any. KEYS: marks and due of each kind and bucket. ARGV: the time.
local now, soonest = now_ms(), -1
for at = 1, #KEYS, 2 do
  if redis.call('ZCARD', KEYS[at]) > 0 then
    return 0
  end
  local due_ms = redis.call('ZRANGE', KEYS[at + 1], 0, 0, 'WITHSCORES')[2]
  if due_ms then
    local left = math.max(tonumber(due_ms) - now, 0)
    soonest = soonest < 0 and left or math.min(soonest, left)
  end
end
return soonest
