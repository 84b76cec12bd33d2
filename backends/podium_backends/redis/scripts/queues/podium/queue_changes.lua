-- The functions that change queues, after queue.lua and push_tokens.lua: before every script that pushes or removes, of a
-- WriteSet too. They are not in queue.lua, since a script makes all functions before it anew each time it runs.

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

-- priorities in use

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

-- operations: each after queue_open, those that push after queue_expect and queue_announce

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
  if push.payload then
    redis.call('HSET', queue.payloads, push.id, push.payload)
  elseif there and there.bytes ~= '-' then
    redis.call('HDEL', queue.payloads, push.id)
  end
  local bytes = push.payload and #push.payload or '-'
  local message = {
    id = push.id, priority = push.priority, deliveries = 0, token = queue_token(there, push), bytes = bytes, receipt = '',
  }
  queue_store(queue, there, message, queue_later(now, push.delay_ms))
end

-- Push a message with the payload that is there.
local function queue_postpone(queue, there, push, now)
  if not there then
    return queue_push(queue, nil, push, now)
  end
  local message = {
    id = push.id, priority = push.priority, deliveries = 0, token = queue_token(there, push), bytes = there.bytes,
    receipt = '',
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
