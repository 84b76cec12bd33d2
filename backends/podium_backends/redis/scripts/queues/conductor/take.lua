-- Lease ready messages for several asks: in the order of scores; the first ask first.
-- KEYS: the queue. ARGV: the time, what receipts begin with, bytes of one ask, bytes of all, 1 if the last ask may need more
-- than that (no other take is under way); for each ask how many at most, and for how many ms.
-- Returns now; when the next message is ready, or -1 (also where each ask got some); 1 where bytes ran out; and for each ask
-- what it got, in runs of one priority: the priority, ids, deliveries, and payloads or nothing.
local ASKS = 6
local receipts, max_bytes, room, alone = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local queue = queue_open(1)
local now = now_ms()
if queue.size == 0 then
  if queue.noted > 0 then
    redis.call('UNLINK', queue.notes)  -- Java has removed the last message
  end
  return { now, -1, 0, {} }
end
queue_tidy(queue)
local bound = queue_bound(now)
local has_payloads = redis.call('EXISTS', queue.payloads) == 1
local held, taken, no_room = 0, 0, 0

-- Up to so many ready messages, as far as there is room for them.
local function ready(count)
  local found = redis.call('ZRANGEBYSCORE', queue.due, '-inf', bound, 'WITHSCORES', 'LIMIT', 0, count)
  if #found == 0 then
    return {}
  end
  local ids, messages, size = {}, {}, 0
  for at = 1, #found, 2 do
    ids[#ids + 1] = found[at]
  end
  local notes = redis.call('HMGET', queue.notes, unpack(ids))
  for at, id in ipairs(ids) do
    local payload = has_payloads and redis.call('HSTRLEN', queue.payloads, id) or 0
    size = size + #id + payload
    if at > 1 and size > max_bytes then
      break
    end
    if not alone and held + payload > room then
      no_room = 1
      break
    end
    held = held + payload
    messages[at] = queue_noted(id, found[2 * at], notes[at])
  end
  return messages
end

-- Lease them.
local function lease(messages, score)
  local scores, notes = {}, {}
  for at, message in ipairs(messages) do
    taken = taken + 1
    message.deliveries = message.deliveries + 1
    message.receipt = receipts .. taken
    scores[2 * at - 1], scores[2 * at] = score, message.id
    notes[2 * at - 1], notes[2 * at] = message.id, queue_state(message, score)
  end
  redis.call('ZADD', queue.due, unpack(scores))
  redis.call('HSET', queue.notes, unpack(notes))
end

-- What is answered: messages of one priority that follow each other are one run.
local function answer(messages, payloads)
  local runs, run = {}, nil
  for at, message in ipairs(messages) do
    if not run or run[1] ~= message.priority then
      run = { message.priority, {}, {}, payloads and {} }
      runs[#runs + 1] = run
    end
    local nth = #run[2] + 1
    run[2][nth], run[3][nth] = message.id, message.deliveries
    if payloads then
      run[4][nth] = payloads[at]
    end
  end
  return runs
end

local answers = {}
for at = ASKS, #ARGV, 2 do
  if held >= room then
    no_room = 1
    break
  end
  local messages = ready(tonumber(ARGV[at]))
  if #messages == 0 then
    break
  end
  local ids = {}
  for nth, message in ipairs(messages) do
    ids[nth] = message.id
  end
  local payloads = has_payloads and redis.call('HMGET', queue.payloads, unpack(ids))
  lease(messages, queue_later(now, tonumber(ARGV[at + 1])))
  answers[#answers + 1] = answer(messages, payloads)
end
local next_due = -1
if 2 * #answers < #ARGV - ASKS + 1 or #ARGV < ASKS then
  next_due = queue_next_due(queue)
end
return { now, next_due, no_room, answers }
