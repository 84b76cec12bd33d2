-- Remove messages that are leased. Returns 1 or 0 for each.
-- KEYS: the queue. ARGV: the time; for each message its id, and its receipt or ''.
local queue = queue_open(1)
local now = now_ms()
local acked = {}
for at = 2, #ARGV, 2 do
  table.insert(acked, queue_ack(queue, ARGV[at], ARGV[at + 1], now) and 1 or 0)
end
return acked
