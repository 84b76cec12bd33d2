-- Let the lease of a message end so long from now; 0 ends it. Returns 1 where it is done.
-- KEYS: the queue. ARGV: the time, the id, the receipt or '', the time in ms, 1 if it may only become shorter.
local queue = queue_open(1)
local now = now_ms()
local message = queue_message(queue, ARGV[2])
if not queue_holds(queue, message, ARGV[3], now) then
  return 0
end
local end_ms = queue_later(now, tonumber(ARGV[4]))
if ARGV[5] == '1' and queue_lease_end(queue, message, now) <= tonumber(end_ms) then
  return 0
end
queue_announce(queue)
redis.call('ZADD', queue.due .. message.priority, end_ms, message.id)
if tonumber(end_ms) > now then
  redis.call('ZADD', queue.leases, end_ms, message.id)
else
  redis.call('ZREM', queue.leases, message.id)
end
return 1
