-- Hold a place without asking. KEYS: bucket, tasks in progress. ARGV: the time, the task, 1 where it is in progress.
redis.call('ZCARD', KEYS[1])
if ARGV[3] == '1' then
  redis.call('SADD', KEYS[2], ARGV[2])
  redis.call('ZADD', KEYS[1], 0, ARGV[2])
else
  place_hold(KEYS[1], now_ms(), ARGV[2])
end
