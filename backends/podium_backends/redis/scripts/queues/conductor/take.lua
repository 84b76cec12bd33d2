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
local has_payloads = queue.paid > 0
local match = string.match
local held, taken, no_room = 0, 0, 0

-- What a message's note says while it holds: what stays in it, the priority, the deliveries. As queue_noted, but faster.
local function noted(id, score, note)
  if note then
    local of_score, stays, priority, deliveries = match(note, '^(%S+) ((%d+) %d+ )(%d+)')
    if of_score == score or tonumber(of_score) == tonumber(score) then
      return stays, priority, deliveries
    end
  end
  local message = queue_foreign(id, score)
  return message.priority .. ' ' .. message.token .. ' ', message.priority, 0
end

-- Payloads of messages, to the runs that these are in.
local function add_payloads(runs, ids)
  local payloads, from = redis.call('HMGET', queue.payloads, unpack(ids)), 0
  for _, run in ipairs(runs) do
    run[4] = {}
    for nth = 1, #run[2] do
      run[4][nth] = payloads[from + nth]
    end
    from = from + #run[2]
  end
end

-- Lease up to so many ready messages, as far as there is room for them; nil for none.
local function serve(count, until_score)
  local found = redis.call('ZRANGEBYSCORE', queue.due, '-inf', bound, 'WITHSCORES', 'LIMIT', 0, count)
  if #found == 0 then
    return nil
  end
  local ids, leased, scores, states, runs, run = {}, {}, {}, {}, {}, nil
  for at = 1, #found, 2 do
    ids[#ids + 1] = found[at]
  end
  local notes, size = redis.call('HMGET', queue.notes, unpack(ids)), 0
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
    held, taken = held + payload, taken + 1
    local stays, priority, before = noted(id, found[2 * at], notes[at])
    local deliveries = before + 1
    leased[at] = id
    scores[2 * at - 1], scores[2 * at] = until_score, id
    states[2 * at - 1], states[2 * at] = id, until_score .. ' ' .. stays .. deliveries .. ' ' .. receipts .. taken
    if not run or run[1] ~= priority then
      run = { priority, {}, {}, false }
      runs[#runs + 1] = run
    end
    run[2][#run[2] + 1], run[3][#run[3] + 1] = id, deliveries
  end
  if #leased == 0 then
    return nil
  end
  if has_payloads then
    add_payloads(runs, leased)
  end
  redis.call('ZADD', queue.due, unpack(scores))
  redis.call('HSET', queue.notes, unpack(states))
  return runs
end
