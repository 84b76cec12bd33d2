-- Make a delayed message ready. Returns 1 where it is ready then; 0 where it isn't there, or leased.
-- KEYS: the queue. ARGV: the time, the id.
local queue = queue_open(1)
local now = now_ms()
local message = queue_message(queue, ARGV[2])
if not message or queue_lease_end(queue, message, now) then
  return 0
end
local due = queue.due .. message.priority
if tonumber(redis.call('ZSCORE', due, message.id)) > now then
  queue_announce(queue)
  redis.call('ZADD', due, now, message.id)
end
return 1
