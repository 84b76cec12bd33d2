-- Take a place, or renew the task's own. KEYS: bucket, tasks in progress. ARGV: the time, the task, how many places there are,
-- after how many ms one lapses that isn't used. Returns 1 where the task holds one now.
local now, task, most = now_ms(), ARGV[2], tonumber(ARGV[3])
redis.call('SCARD', KEYS[2])
places_lapse(KEYS[1], KEYS[2], now, tonumber(ARGV[4]))
if not redis.call('ZSCORE', KEYS[1], task) and redis.call('SISMEMBER', KEYS[2], task) == 0
  and places_held(KEYS[1], KEYS[2], most) >= most then
  return 0
end
place_hold(KEYS[1], now, task)
return 1
