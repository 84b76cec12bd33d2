-- Remove all messages of a queue; Redis frees them in the background. Returns how many there were.
-- KEYS: the queue. ARGV: the time.
local queue = queue_open(1)
local count = math.max(redis.call('HLEN', queue.messages) - 1, 0)
for _, level in ipairs(queue.levels) do
  redis.call('UNLINK', queue.due .. level)
end
redis.call('UNLINK', queue.messages, queue.payloads, queue.leases)
redis.call('ZREM', queue.names, string.sub(queue.messages, #queue.names + 1))
return count
