-- Remove a message, in any state. Returns 1 where there was one.
-- KEYS: the queue. ARGV: the time, the id.
local queue = queue_open(1)
local message = queue_message(queue, ARGV[2])
if not message then
  return 0
end
queue_remove(queue, message)
return 1
