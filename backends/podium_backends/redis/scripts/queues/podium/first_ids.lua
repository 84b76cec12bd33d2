-- Up to so many ids in the order of delivery: a list of those that are ready; then, for each priority, a list of ids and due
-- times of those that are delayed.
-- KEYS: the queue. ARGV: the time, how many.
local PIECE = 100
local queue = queue_look(1)
local now = now_ms()
local count = tonumber(ARGV[2])

-- The delayed ones of a priority, without those that are leased.
local function delayed(level)
  local found, from = {}, 0
  while #found < 2 * count do
    local piece = redis.call('ZRANGEBYSCORE', queue.due .. level, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', from, PIECE)
    for at = 1, #piece, 2 do
      if #found < 2 * count and not redis.call('ZSCORE', queue.leases, piece[at]) then
        table.insert(found, piece[at])
        table.insert(found, piece[at + 1])
      end
    end
    if #piece < 2 * PIECE then
      break
    end
    from = from + PIECE
  end
  return found
end

local ready, later = {}, {}
for _, level in ipairs(queue.levels) do
  local ids = redis.call('ZRANGEBYSCORE', queue.due .. level, '-inf', now, 'LIMIT', 0, count - #ready)
  for _, id in ipairs(ids) do
    table.insert(ready, id)
  end
end
if #ready < count then
  for _, level in ipairs(queue.levels) do
    table.insert(later, delayed(level))
  end
end
return { ready, later }
