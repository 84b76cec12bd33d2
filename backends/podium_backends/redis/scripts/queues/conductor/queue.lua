-- What a queue is in the layout "conductor", and the functions that read it: before every script that knows queues.
--
-- KEYS of a queue, three in a row:
--   due       Java's: sorted set of ids by the ms at which they are due, those that somebody holds by the end of that
--   notes     ours: hash: id -> 'score priority token deliveries receipt'; its name is the queue's channel too
--   payloads  Java's: hash: id -> payload
--
-- A note holds for one score. When Java pops, pushes or moves a message it writes another, and when it acks or removes one
-- there is none: the note is void, and with it the receipt. So that Java never writes a score that is in a note, ours end in
-- .125: Java's are whole, or end in .5 or more (1 - 1/(priority + 1)).
-- A message without a note is due when its score says so; whether Java holds it until then nobody can tell.
--
-- Redis rolls nothing back, so queue_open asks for every type before the first write.

local QUEUE_KEYS = 3
local queues_open = {}

-- The queue whose keys begin at KEYS[first].
local function queue_look(first)
  local queue = queues_open[KEYS[first]]
  if not queue then
    queue = { due = KEYS[first], notes = KEYS[first + 1], payloads = KEYS[first + 2] }
    queues_open[queue.due] = queue
  end
  return queue
end

-- The same, to write to it: an error if one of the keys has another type.
local function queue_open(first)
  local queue = queue_look(first)
  queue.size, queue.noted = redis.call('ZCARD', queue.due), redis.call('HLEN', queue.notes)
  queue.paid = redis.call('HLEN', queue.payloads)
  return queue
end

-- Java leaves the notes of messages that it removes: where most are such, some of them go, once in a script.
local VOID_NOTES = 100

local function queue_tidy(queue)
  if queue.noted <= 2 * queue.size + VOID_NOTES then
    return
  end
  queue.noted = 0
  local ids = redis.call('HRANDFIELD', queue.notes, VOID_NOTES)
  local void = {}
  for at, score in ipairs(redis.call('ZMSCORE', queue.due, unpack(ids))) do
    if not score then
      table.insert(void, ids[at])
    end
  end
  if #void > 0 then
    redis.call('HDEL', queue.notes, unpack(void))
  end
end

-- The score of a message that is due so long from now, or that is leased until then.
local function queue_later(now, delay_ms)
  return string.format('%.0f.125', now + delay_ms)
end

-- The bound of scores that are due by now: Java's, too, are due in the whole ms of theirs.
local function queue_bound(now)
  return string.format('(%.0f', now + 1)
end

-- What Java said of a message that it pushed, as far as its score tells: the priority alone where there is no delay.
local function queue_foreign(id, score)
  local number = tonumber(score)
  local whole = math.floor(number)
  local priority = whole < 100 and whole or math.floor(1 / (1 - (number - whole)) - 0.5)
  return {
    id = id, score = number, priority = string.format('%.0f', math.min(math.max(priority, 0), 99)),
    deliveries = 0, token = string.format('%.0f', math.max(whole, 1)), receipt = '',
  }
end

-- The message of an id with this score, as its note says while it holds.
local function queue_noted(id, score, text)
  if text then
    local noted, priority, token, deliveries, receipt = string.match(text, '^(%S+) (%d+) (%d+) (%d+) (.*)$')
    if tonumber(noted) == tonumber(score) then
      return {
        id = id, score = tonumber(score), priority = priority, deliveries = deliveries, token = token, receipt = receipt,
      }
    end
  end
  return queue_foreign(id, score)
end

-- The message of an id; nil without one.
local function queue_message(queue, id)
  local score = redis.call('ZSCORE', queue.due, id)
  return score and queue_noted(id, score, redis.call('HGET', queue.notes, id)) or nil
end

local function queue_state(message, score)
  return score .. ' ' .. message.priority .. ' ' .. message.token .. ' ' .. message.deliveries .. ' ' .. message.receipt
end

-- When the lease of a message ends; nil if it isn't leased, or no more.
local function queue_lease_end(message, now)
  local end_ms = math.floor(message.score)
  return message.receipt ~= '' and end_ms > now and end_ms or nil
end

-- Whether a message is leased; with a receipt, under it.
local function queue_holds(queue, message, receipt, now)
  return message ~= nil and (receipt == '' or receipt == message.receipt) and queue_lease_end(message, now) ~= nil
end

-- When the next message of the queue is ready, or since when one is; -1 without any.
local function queue_next_due(queue)
  local score = redis.call('ZRANGE', queue.due, 0, 0, 'WITHSCORES')[2]
  return score and math.floor(tonumber(score)) or -1
end
