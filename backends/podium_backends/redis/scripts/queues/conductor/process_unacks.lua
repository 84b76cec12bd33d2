-- Forget the leases that have lapsed, and the notes that are void, of about so many notes.
-- KEYS: the queue. ARGV: the time, HSCAN's cursor, how many. Returns the cursor to go on with, and how many leases.
local queue = queue_open(1)
local now = now_ms()
local page = redis.call('HSCAN', queue.notes, ARGV[2], 'COUNT', ARGV[3])
local lapsed = 0
for at = 1, #page[2], 2 do
  local id, text = page[2][at], page[2][at + 1]
  local score = redis.call('ZSCORE', queue.due, id)
  local message = score and queue_noted(id, score, text)
  if not message or tonumber(string.match(text, '^%S+')) ~= message.score then
    redis.call('HDEL', queue.notes, id)
  elseif message.receipt ~= '' and not queue_lease_end(message, now) then
    message.receipt = ''
    redis.call('HSET', queue.notes, id, queue_state(message, score))
    lapsed = lapsed + 1
  end
end
return { page[1], lapsed }
