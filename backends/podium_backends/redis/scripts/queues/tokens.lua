-- The token of each message; '0' without one.
-- KEYS: the queue of each message. ARGV: the time, the id of each.
local tokens = {}
for at = 2, #ARGV do
  local message = queue_message(queue_look((at - 2) * QUEUE_KEYS + 1), ARGV[at])
  table.insert(tokens, message and message.token or '0')
end
return tokens
