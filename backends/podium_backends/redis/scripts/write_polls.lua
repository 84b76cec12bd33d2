-- Store last polls, at this moment. KEYS: the hash of each one. ARGV: the time, then for each one its field, and
-- its document before and after the time.
local now = string.format('%.0f', now_ms())
for at, key in ipairs(KEYS) do
  local first = 3 * at - 1
  redis.call('HSET', key, ARGV[first], ARGV[first + 1] .. now .. ARGV[first + 2])
end
