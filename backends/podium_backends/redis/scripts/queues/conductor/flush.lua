-- Remove all messages of a queue; Redis frees them in the background. Returns how many there were.
-- KEYS: the queue. ARGV: the time.
local queue = queue_open(1)
redis.call('UNLINK', queue.due, queue.notes, queue.payloads)
return queue.size
