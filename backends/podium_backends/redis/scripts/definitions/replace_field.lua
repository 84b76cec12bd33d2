-- Store a field of a hash only where it is there already, and a name in a set. KEYS: hash[, set]. ARGV: field, value[, name].
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return 0
end
if KEYS[2] then
  redis.call('SADD', KEYS[2], ARGV[3])
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
