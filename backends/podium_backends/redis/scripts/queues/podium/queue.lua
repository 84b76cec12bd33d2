-- What a queue is in the layout "podium", and the functions that read it: before every script that knows queues.
--
-- KEYS of a queue, five in a row:
--   names     sorted set of the names of all queues, by name; what follows the prefix that its key shares with `messages`
--   messages  hash: id -> 'priority bytes token deliveries receipt'; under '' the priorities in use, highest first
--   payloads  hash: id -> payload; a message without one has '-' for bytes
--   leases    sorted set: id by the end of its lease, lapsed ones too until they are swept
--   due       what keys of sorted sets begin with, one for each priority in use: id by due time, leased ones by the lease's end
-- The channel of a queue has the name of `messages`.
--
-- A receipt counts while its message is in `leases`. Redis rolls nothing back, so queue_open and queue_expect ask for every
-- type before the first write.

local QUEUE_KEYS = 5
local queues_open = {}

-- The queue whose keys begin at KEYS[first].
local function queue_look(first)
  local queue = queues_open[KEYS[first + 1]]
  if queue then
    return queue
  end
  queue = {
    names = KEYS[first], messages = KEYS[first + 1], payloads = KEYS[first + 2],
    leases = KEYS[first + 3], due = KEYS[first + 4], levels = {}, in_use = {},
  }
  local levels = redis.call('HGET', queue.messages, '')
  for level in string.gmatch(levels or '', '%d+') do
    queue.levels[#queue.levels + 1] = level
    queue.in_use[level] = true
  end
  queues_open[queue.messages] = queue
  return queue
end

-- The same, to write to it: an error if one of the keys has another type.
local function queue_open(first)
  local queue = queue_look(first)
  for _, level in ipairs(queue.levels) do
    redis.call('ZCARD', queue.due .. level)
  end
  redis.call('HLEN', queue.payloads)
  redis.call('ZCARD', queue.leases)
  redis.call('ZCARD', queue.names)
  return queue
end

-- The time so long from now; as a text, which Redis takes faster than a number.
local function queue_later(now, delay_ms)
  return string.format('%.0f', now + delay_ms)
end

-- The message of an id; nil without one.
local function queue_message(queue, id)
  local text = redis.call('HGET', queue.messages, id)
  if not text then
    return nil
  end
  local priority, bytes, token, deliveries, receipt = string.match(text, '^(%d+) (%S+) (%d+) (%d+) (.*)$')
  return { id = id, priority = priority, deliveries = deliveries, token = token, bytes = bytes, receipt = receipt }
end

local function queue_state(message)
  return message.priority .. ' ' .. message.bytes .. ' ' .. message.token .. ' ' .. message.deliveries
    .. ' ' .. message.receipt
end

-- When the lease of a message ends; nil if it isn't leased, or no more.
local function queue_lease_end(queue, message, now)
  if message.receipt == '' then
    return nil
  end
  local end_ms = tonumber(redis.call('ZSCORE', queue.leases, message.id) or 0)
  return end_ms > now and end_ms or nil
end

-- Whether a message is leased; with a receipt, under it.
local function queue_holds(queue, message, receipt, now)
  return message ~= nil and (receipt == '' or receipt == message.receipt)
    and queue_lease_end(queue, message, now) ~= nil
end

-- When the next message of the queue is ready, or since when one is; -1 without any.
local function queue_next_due(queue)
  local next_ms = -1
  for _, level in ipairs(queue.levels) do
    local due_ms = tonumber(redis.call('ZRANGE', queue.due .. level, 0, 0, 'WITHSCORES')[2] or -1)
    if due_ms >= 0 and (next_ms < 0 or due_ms < next_ms) then
      next_ms = due_ms
    end
  end
  return next_ms
end
