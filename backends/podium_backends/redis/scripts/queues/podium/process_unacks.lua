-- Forget up to so many leases that have lapsed. Returns how many.
-- KEYS: the queue. ARGV: the time, how many.
local leases = KEYS[4]
local lapsed = math.min(redis.call('ZCOUNT', leases, '-inf', now_ms()), tonumber(ARGV[2]))
if lapsed > 0 then
  redis.call('ZREMRANGEBYRANK', leases, 0, lapsed - 1)
end
return lapsed
