-- Remove each message that still has the token with which it was seen. Returns 1 or 0 for each.
-- KEYS: the queue of each message. ARGV: the time; the id and the token of each.
local removed = {}
for at = 2, #ARGV, 2 do
  queue_open((at - 2) / 2 * QUEUE_KEYS + 1)
end
for at = 2, #ARGV, 2 do
  local queue = queue_look((at - 2) / 2 * QUEUE_KEYS + 1)
  local message = queue_message(queue, ARGV[at])
  local seen = message ~= nil and message.token == ARGV[at + 1]
  if seen then
    queue_remove(queue, message)
  end
  table.insert(removed, seen and 1 or 0)
end
return removed
