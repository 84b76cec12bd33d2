-- Push a message under a token of the caller's, unless the one there has it already, or a higher one.
-- KEYS: the queue. ARGV: the time, the token, the message.
local queue = queue_open(1)
local there = queue_message(queue, ARGV[3])
if there and not token_is_less(there.token, ARGV[2]) then
  return
end
queue_expect(queue, ARGV[4])
queue_announce(queue)
queue_push(queue, there, queue_push_at(3, ARGV[2]), now_ms())
