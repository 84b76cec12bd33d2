-- Push a message with the payload that is there; with a receipt only one that is leased under it. Returns 1 where it is done.
-- KEYS: the queue. ARGV: the time, a token, the message, the receipt or ''.
local queue = queue_open(1)
local now = now_ms()
local there = queue_message(queue, ARGV[3])
if ARGV[8] ~= '' and not queue_holds(queue, there, ARGV[8], now) then
  return 0
end
queue_expect(queue, ARGV[4])
queue_announce(queue)
queue_postpone(queue, there, queue_push_at(3, ARGV[2]), now)
return 1
