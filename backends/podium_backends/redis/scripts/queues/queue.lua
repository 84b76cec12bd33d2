-- What a queue is on Redis, and the functions that change it: before every script of queues, and of writes that queues are part of.
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
-- type before the first write. Tokens are decimal texts: as numbers they would lose digits above 2^53.

local LATEST_MS = 9007199254740992
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

-- Before the first write: a push of this priority will come.
local function queue_expect(queue, priority)
  if not queue.in_use[priority] then
    redis.call('ZCARD', queue.due .. priority)
  end
end

-- Before the first write: messages may be ready sooner; who waits in a process of Podium hears of it.
local function queue_announce(queue)
  redis.call('PUBLISH', queue.messages, '')
end

-- The time so long from now; as a text, which Redis takes faster than a number.
local function queue_later(now, delay_ms)
  return string.format('%.0f', math.min(now + delay_ms, LATEST_MS))
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

local function queue_save_levels(queue)
  redis.call('HSET', queue.messages, '', table.concat(queue.levels, ' '))
end

local function queue_enter_level(queue, level)
  if queue.in_use[level] then
    return
  end
  if #queue.levels == 0 then
    redis.call('ZADD', queue.names, 0, string.sub(queue.messages, #queue.names + 1))
  end
  queue.in_use[level] = true
  table.insert(queue.levels, level)
  table.sort(queue.levels, function(one, other) return tonumber(one) > tonumber(other) end)
  queue_save_levels(queue)
end

-- After a message has left its level: an empty level isn't in use, and an empty queue leaves no key.
local function queue_leave_level(queue, level)
  if redis.call('EXISTS', queue.due .. level) == 1 then
    return
  end
  queue.in_use[level] = nil
  for at, one in ipairs(queue.levels) do
    if one == level then
      table.remove(queue.levels, at)
      break
    end
  end
  if #queue.levels > 0 then
    queue_save_levels(queue)
  else
    redis.call('UNLINK', queue.messages, queue.payloads, queue.leases)
    redis.call('ZREM', queue.names, string.sub(queue.messages, #queue.names + 1))
  end
end

-- tokens

local function token_is_less(one, other)
  if #one ~= #other then
    return #one < #other
  end
  return one < other
end

local function token_after(token)
  local head, digit, nines = string.match(token, '^(%d-)([0-8]?)(9*)$')
  if digit == '' then
    head, digit = '', '0'
  end
  return head .. (tonumber(digit) + 1) .. string.rep('0', #nines)
end

-- operations; each of them after queue_open, those that push after queue_expect and queue_announce

-- Store a message: in place of `there`, or as a new one.
local function queue_store(queue, there, message, due_ms)
  queue_enter_level(queue, message.priority)
  redis.call('ZADD', queue.due .. message.priority, due_ms, message.id)
  redis.call('HSET', queue.messages, message.id, queue_state(message))
  if not there then
    return
  end
  if there.receipt ~= '' then
    redis.call('ZREM', queue.leases, there.id)
  end
  if there.priority ~= message.priority then
    redis.call('ZREM', queue.due .. there.priority, there.id)
    queue_leave_level(queue, there.priority)
  end
end

-- Push a message; it replaces `there`, and its lease ends. payload: nil without one.
local function queue_push(queue, there, push, now)
  local token = push.token
  if there and not token_is_less(there.token, token) then
    token = token_after(there.token)
  end
  if push.payload then
    redis.call('HSET', queue.payloads, push.id, push.payload)
  elseif there and there.bytes ~= '-' then
    redis.call('HDEL', queue.payloads, push.id)
  end
  local bytes = push.payload and #push.payload or '-'
  local message = { id = push.id, priority = push.priority, deliveries = 0, token = token, bytes = bytes, receipt = '' }
  queue_store(queue, there, message, queue_later(now, push.delay_ms))
end

-- Push a message with the payload that is there.
local function queue_postpone(queue, there, push, now)
  if not there then
    return queue_push(queue, nil, push, now)
  end
  local token = push.token
  if not token_is_less(there.token, token) then
    token = token_after(there.token)
  end
  local message = {
    id = push.id, priority = push.priority, deliveries = 0, token = token, bytes = there.bytes, receipt = '',
  }
  queue_store(queue, there, message, queue_later(now, push.delay_ms))
end

-- Remove a message, in any state.
local function queue_remove(queue, message)
  redis.call('ZREM', queue.due .. message.priority, message.id)
  if message.receipt ~= '' then
    redis.call('ZREM', queue.leases, message.id)
  end
  if message.bytes ~= '-' then
    redis.call('HDEL', queue.payloads, message.id)
  end
  redis.call('HDEL', queue.messages, message.id)
  queue_leave_level(queue, message.priority)
end

-- Remove a message that is leased, under this receipt unless it is ''; whether it was.
local function queue_ack(queue, id, receipt, now)
  local message = queue_message(queue, id)
  if not queue_holds(queue, message, receipt, now) then
    return false
  end
  queue_remove(queue, message)
  return true
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

-- The push that five arguments from ARGV[at] on say: id, priority, delay in ms, 1 with a payload, payload.
local function queue_push_at(at, token)
  local payload = nil
  if ARGV[at + 3] == '1' then
    payload = ARGV[at + 4]
  end
  return { id = ARGV[at], priority = ARGV[at + 1], delay_ms = tonumber(ARGV[at + 2]), payload = payload, token = token }
end
