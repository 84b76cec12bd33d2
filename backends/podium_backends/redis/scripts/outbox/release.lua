-- Give all buckets of an owner back. KEYS: leases, owners. ARGV: the owner.
redis.call('HDEL', KEYS[2], ARGV[1])
local leases = redis.call('HGETALL', KEYS[1])
for at = 1, #leases, 2 do
  if string.match(leases[at + 1], '^%d+ (.*)$') == ARGV[1] then
    redis.call('HDEL', KEYS[1], leases[at])
  end
end
