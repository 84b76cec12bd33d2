-- Remove a field of a hash; a name leaves a set with the last field. KEYS: hash, set. ARGV: field, name.
redis.call('SCARD', KEYS[2]) -- of another type it is an error, before the first write
local removed = redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('SREM', KEYS[2], ARGV[2])
end
return removed
