-- Lease ready messages for several asks: highest priority first, then the oldest due; the first ask first.
-- KEYS: the queue. ARGV: the time, what receipts begin with, bytes of one ask, bytes of all, 1 if the last ask may need more
-- than that (no other take is under way); for each ask how many at most, and for how many ms.
-- Returns now; when the next message is ready, or -1 (also where each ask got some); 1 where bytes ran out; for each ask a
-- list: id, priority, deliveries, payload or nothing, of each message.
local queue = queue_open(1)
local now = now_ms()
local max_bytes, room, alone = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local held, taken, no_room = 0, 0, 0

-- Up to `count` messages that are ready. One that is in no hash any more (a key was evicted) is dropped.
local function ready(count)
  local found = {}
  for _, level in ipairs(queue.levels) do
    local ids = redis.call('ZRANGEBYSCORE', queue.due .. level, '-inf', now, 'LIMIT', 0, count - #found)
    local states = #ids > 0 and redis.call('HMGET', queue.messages, unpack(ids)) or {}
    for at, id in ipairs(ids) do
      if states[at] then
        local priority, deliveries, token, bytes = string.match(states[at], '^(%d+) (%d+) (%d+) (%S+) ')
        table.insert(found, { id = id, priority = priority, deliveries = deliveries + 1, token = token, bytes = bytes })
      else
        redis.call('ZREM', queue.due .. level, id)
      end
    end
    if #found >= count then
      break
    end
  end
  return found
end

-- The first of these that fit.
local function fitting(found)
  local size, bytes, chosen = 0, 0, {}
  for _, message in ipairs(found) do
    local payload = tonumber(message.bytes) or 0
    size = size + #message.id + payload
    if #chosen > 0 and size > max_bytes then
      break
    end
    if not alone and held + bytes + payload > room then
      no_room = 1
      break
    end
    bytes = bytes + payload
    table.insert(chosen, message)
  end
  held = held + bytes
  return chosen
end

local function payloads_of(messages)
  local ids = {}
  for _, message in ipairs(messages) do
    if message.bytes ~= '-' then
      table.insert(ids, message.id)
    end
  end
  local payloads = {}
  if #ids > 0 then
    local found = redis.call('HMGET', queue.payloads, unpack(ids))
    for at, id in ipairs(ids) do
      payloads[id] = found[at]
    end
  end
  return payloads
end

local function lease(messages, until_ms)
  local states, leases, due = {}, {}, {}
  for _, message in ipairs(messages) do
    taken = taken + 1
    message.receipt = ARGV[2] .. taken
    table.insert(states, message.id)
    table.insert(states, queue_state(message))
    table.insert(leases, until_ms)
    table.insert(leases, message.id)
    local level = due[message.priority] or {}
    table.insert(level, until_ms)
    table.insert(level, message.id)
    due[message.priority] = level
  end
  redis.call('HSET', queue.messages, unpack(states))
  redis.call('ZADD', queue.leases, unpack(leases))
  for level, moved in pairs(due) do
    redis.call('ZADD', queue.due .. level, unpack(moved))
  end
end

local answers = {}
for at = 6, #ARGV, 2 do
  if held >= room then
    no_room = 1
    break
  end
  local messages = fitting(ready(tonumber(ARGV[at])))
  if #messages == 0 then
    break
  end
  local payloads, answer = payloads_of(messages), {}
  lease(messages, queue_later(now, tonumber(ARGV[at + 1])))
  for _, message in ipairs(messages) do
    table.insert(answer, message.id)
    table.insert(answer, tonumber(message.priority))
    table.insert(answer, message.deliveries)
    table.insert(answer, payloads[message.id] or false)
  end
  table.insert(answers, answer)
end
local next_due = -1
if #answers < (#ARGV - 5) / 2 or #ARGV == 5 then
  next_due = queue_next_due(queue)
end
return { now, next_due, no_room, answers }
