-- Lease ready messages for several asks: highest priority first, then the oldest due; the first ask first.
-- KEYS: the queue. ARGV: the time, what receipts begin with, bytes of one ask, bytes of all, 1 if the last ask may need more
-- than that (no other take is under way); for each ask how many at most, and for how many ms.
-- Returns now; when the next message is ready, or -1 (also where each ask got some); 1 where bytes ran out; and for each ask
-- what it got from each priority: the priority, ids, deliveries, and payloads or nothing.
local ASKS = 6
local receipts, max_bytes, room, alone = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local queue = queue_look(1)
if #queue.levels > 1 or #ARGV > ASKS + 1 then
  queue_open(1)  -- otherwise what is written first is the only key that isn't read before
end
local now = now_ms()
if #queue.levels == 0 then
  return { now, -1, 0, {} }
end
local now_text = queue_later(now, 0)
local match = string.match
local held, taken, no_room = 0, 0, 0

-- Lease up to `count` messages of a priority: what the ask got from it; how many; the bytes that the ask has by then. Nothing
-- where none is ready or fits. One that is in no hash any more (a key was evicted) is dropped.
local function lease(level, count, until_ms, has_some, size)
  local found = redis.call('ZRANGEBYSCORE', queue.due .. level, '-inf', now_text, 'LIMIT', 0, count)
  if #found == 0 then
    return nil, 0, size
  end
  local texts = redis.call('HMGET', queue.messages, unpack(found))
  local ids, deliveries, states, ends, read, full = {}, {}, {}, {}, {}, false
  local n, payloads_from = 0, nil
  for at = 1, #found do
    local id = found[at]
    if not texts[at] then
      redis.call('ZREM', queue.due .. level, id)
    else
      local head, bytes, before = match(texts[at], '^(%d+ (%S+) %d+ )(%d+)')
      local payload = bytes == '-' and 0 or tonumber(bytes)
      size = size + #id + payload
      if (has_some or n > 0) and size > max_bytes then
        full = true
        break
      end
      if not alone and held + payload > room then
        no_room, full = 1, true
        break
      end
      held = held + payload
      n = n + 1
      taken = taken + 1
      ids[n], deliveries[n] = id, before + 1
      states[2 * n - 1], states[2 * n] = id, head .. deliveries[n] .. ' ' .. receipts .. taken
      ends[2 * n - 1], ends[2 * n] = until_ms, id
      payloads_from = payloads_from or bytes ~= '-'
    end
  end
  if n == 0 then
    return nil, full and count or 0, size
  end
  local payloads = payloads_from and redis.call('HMGET', queue.payloads, unpack(ids))
  redis.call('ZADD', queue.leases, unpack(ends))
  redis.call('HSET', queue.messages, unpack(states))
  redis.call('ZADD', queue.due .. level, unpack(ends))
  return { level, ids, deliveries, payloads }, full and count or n, size
end

-- What an ask gets; nil for nothing.
local function serve(count, until_ms)
  local answer, size = {}, 0
  for _, level in ipairs(queue.levels) do
    local leased, used, after = lease(level, count, until_ms, #answer > 0, size)
    answer[#answer + 1] = leased
    count, size = count - used, after
    if count == 0 then
      break
    end
  end
  return answer[1] and answer
end
