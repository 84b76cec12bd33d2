-- Store a field of a hash only where it isn't there yet, and a name in a set. KEYS: hash, set. ARGV: field, value, name.
redis.call('SCARD', KEYS[2]) -- of another type it is an error, before the first write
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then
  return 0
end
redis.call('SADD', KEYS[2], ARGV[3])
return 1
