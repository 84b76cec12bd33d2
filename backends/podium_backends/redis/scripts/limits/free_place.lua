-- Free the place of a task. KEYS: bucket, tasks in progress. ARGV: the task. Returns 1 where it had one.
redis.call('SCARD', KEYS[2])
local freed = redis.call('ZREM', KEYS[1], ARGV[1])
return math.max(freed, redis.call('SREM', KEYS[2], ARGV[1]))
