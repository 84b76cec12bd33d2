-- The functions that change queues, after queue.lua and push_tokens.lua: before every script that pushes or removes, of a
-- WriteSet too.

-- Before the first write: a push of this priority will come. It needs no key of its own here.
local function queue_expect()
end

-- Before the first write: messages may be ready sooner; who waits in a process of Podium hears of it.
local function queue_announce(queue)
  redis.call('PUBLISH', queue.notes, '')
end

-- operations: each after queue_open, those that push after queue_expect and queue_announce

-- Give a message this score, and note it.
local function queue_store(queue, message, score)
  redis.call('ZADD', queue.due, score, message.id)
  redis.call('HSET', queue.notes, message.id, queue_state(message, score))
end

-- Java has a message with a priority but no delay due at the ms of its priority: before all others, the lower one first.
local function queue_store_pushed(queue, there, push, now)
  local pushed = {
    id = push.id, priority = push.priority, deliveries = 0, token = queue_token(there, push), receipt = '',
  }
  queue_tidy(queue)
  local first = push.delay_ms == 0 and push.priority ~= '0'
  queue_store(queue, pushed, first and queue_later(0, tonumber(push.priority)) or queue_later(now, push.delay_ms))
end

-- Push a message; it replaces `there`, and its lease ends. payload: nil without one.
local function queue_push(queue, there, push, now)
  if push.payload then
    redis.call('HSET', queue.payloads, push.id, push.payload)
  else
    redis.call('HDEL', queue.payloads, push.id)
  end
  queue_store_pushed(queue, there, push, now)
end

-- Push a message with the payload that is there.
local function queue_postpone(queue, there, push, now)
  if not there then
    return queue_push(queue, nil, push, now)
  end
  queue_store_pushed(queue, there, push, now)
end

-- Remove a message, in any state; an empty queue leaves no key of ours. Payloads go one by one: Java may store one before
-- its message.
local function queue_remove(queue, message)
  redis.call('ZREM', queue.due, message.id)
  redis.call('HDEL', queue.payloads, message.id)
  redis.call('HDEL', queue.notes, message.id)
  if redis.call('EXISTS', queue.due) == 0 then
    redis.call('UNLINK', queue.notes)
  end
end
