-- Remove a message whose token is lower than this one. Returns 1 where there was one.
-- KEYS: the queue. ARGV: the time, the id, the token.
local queue = queue_open(1)
local message = queue_message(queue, ARGV[2])
if not message or not token_is_less(message.token, ARGV[3]) then
  return 0
end
queue_remove(queue, message)
return 1
