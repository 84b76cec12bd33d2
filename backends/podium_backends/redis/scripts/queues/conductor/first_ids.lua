-- Up to so many ids in the order of delivery: a list of those that are ready; then a list of ids and due times of those that are
-- delayed, as the one list of a list.
-- KEYS: the queue. ARGV: the time, how many.
local PIECE = 100
local queue = queue_look(1)
local now = now_ms()
local count = tonumber(ARGV[2])
local ready = redis.call('ZRANGEBYSCORE', queue.due, '-inf', queue_bound(now), 'LIMIT', 0, count)
local later, from = {}, 0
while #ready + #later / 2 < count do
  local piece = redis.call(
    'ZRANGEBYSCORE', queue.due, string.format('%.0f', now + 1), '+inf', 'WITHSCORES', 'LIMIT', from, PIECE)
  for at = 1, #piece, 2 do
    local message = queue_noted(piece[at], piece[at + 1], redis.call('HGET', queue.notes, piece[at]))
    if message.receipt == '' then
      table.insert(later, piece[at])
      table.insert(later, piece[at + 1])
    end
  end
  if #piece < 2 * PIECE then
    break
  end
  from = from + PIECE
end
return { ready, { later } }
