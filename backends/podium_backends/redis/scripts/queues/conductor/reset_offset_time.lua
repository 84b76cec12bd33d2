-- Make a delayed message ready. Returns 1 where it is ready then; 0 where it isn't there, or leased.
-- KEYS: the queue. ARGV: the time, the id.
local queue = queue_open(1)
local now = now_ms()
local message = queue_message(queue, ARGV[2])
if not message or queue_lease_end(message, now) then
  return 0
end
if math.floor(message.score) > now then
  queue_announce(queue)
  queue_store(queue, message, queue_later(now, 0))
end
return 1
