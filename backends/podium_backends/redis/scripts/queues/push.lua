-- Push messages of one queue.
-- KEYS: the queue. ARGV: the time, a token, five arguments for each message.
local queue = queue_open(1)
local now = now_ms()
for at = 3, #ARGV, 5 do
  queue_expect(queue, ARGV[at + 1])
end
queue_announce(queue)
for at = 3, #ARGV, 5 do
  queue_push(queue, queue_message(queue, ARGV[at]), queue_push_at(at, ARGV[2]), now)
end
