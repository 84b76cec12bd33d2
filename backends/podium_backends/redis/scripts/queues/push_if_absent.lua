-- Push a message unless one of its id is there. Returns 1 where it is pushed.
-- KEYS: the queue. ARGV: the time, a token, the message.
local queue = queue_open(1)
if queue_message(queue, ARGV[3]) then
  return 0
end
queue_expect(queue, ARGV[4])
queue_announce(queue)
queue_push(queue, nil, queue_push_at(3, ARGV[2]), now_ms())
return 1
