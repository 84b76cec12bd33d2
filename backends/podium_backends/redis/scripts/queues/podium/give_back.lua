-- End leases as if the messages had never been delivered; a stale receipt changes nothing.
-- KEYS: the queue. ARGV: the time; the id and the receipt of each message.
local queue = queue_open(1)
local now = now_ms()
queue_announce(queue)
for at = 2, #ARGV, 2 do
  local message = queue_message(queue, ARGV[at])
  if message and message.receipt == ARGV[at + 1] and redis.call('ZREM', queue.leases, message.id) == 1 then
    message.receipt = ''
    message.deliveries = math.max(message.deliveries - 1, 0)
    redis.call('HSET', queue.messages, message.id, queue_state(message))
    local due_ms = tonumber(redis.call('ZSCORE', queue.due .. message.priority, message.id))
    redis.call('ZADD', queue.due .. message.priority, math.min(due_ms, now), message.id)
  end
end
