-- Replace or remove a handler that is still what the caller read. KEYS: handlers, the old event's names, the new event's.
-- ARGV: name, what was read, what replaces it (empty: it goes). Returns 0 where it is another by now.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('SCARD', KEYS[3]) -- of another type it is an error, before the first write
redis.call('SREM', KEYS[2], ARGV[1])
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('SADD', KEYS[3], ARGV[1])
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
