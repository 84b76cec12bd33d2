-- Take buckets, each unless another owner holds it by now, and say that the owner is here.
-- KEYS: leases, owners. ARGV: the time, the owner, for how many ms, how many it gives up, those, how many it takes, those.
-- Returns the buckets that it holds.
local now, owner, lease_ms = now_ms(), ARGV[2], tonumber(ARGV[3])
local until_ms = string.format('%.0f', now + lease_ms)

local function holder(bucket)
  local text = redis.call('HGET', KEYS[1], bucket)
  if not text then
    return nil, 0
  end
  local ends, name = string.match(text, '^(%d+) (.*)$')
  return name, tonumber(ends)
end

for _, name in ipairs(redis.call('HKEYS', KEYS[2])) do
  if tonumber(redis.call('HGET', KEYS[2], name)) <= now then
    redis.call('HDEL', KEYS[2], name)
  end
end
redis.call('HSET', KEYS[2], owner, until_ms)
local at = 5
for _ = 1, tonumber(ARGV[4]) do
  if holder(ARGV[at]) == owner then
    redis.call('HDEL', KEYS[1], ARGV[at])
  end
  at = at + 1
end
local held = {}
for i = at + 1, at + tonumber(ARGV[at]) do
  local name, ends = holder(ARGV[i])
  -- A lease that ends later than any that is given now was given before the clock was set back.
  if not name or name == owner or ends <= now or ends > now + lease_ms then
    redis.call('HSET', KEYS[1], ARGV[i], until_ms .. ' ' .. owner)
    held[#held + 1] = tonumber(ARGV[i])
  end
end
return held
