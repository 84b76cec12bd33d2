-- Documents and sets, then what hangs on what is there: slots, places, the outbox.
for _, one in ipairs(commands) do
  if one[3] > one[4] then
    redis.call(one[1], one[2])
  else
    redis.call(one[1], one[2], unpack(ARGV, one[3], one[4]))
  end
end
-- A slot is freed by the task that holds it.
for _, slot in ipairs(slots) do
  if redis.call('HGET', slot[1], slot[2]) == slot[3] then
    redis.call('HDEL', slot[1], slot[2])
  end
end
-- A place that is held lapses no more.
for _, place in ipairs(places) do
  if redis.call('ZSCORE', place[1], place[3]) then
    redis.call('ZADD', place[1], 0, place[3])
    redis.call('SADD', place[2], place[3])
  end
end

local token = ''
local changes = number()
if changes > 0 then
  token = outbox_token(last_token, now)
end
for _ = 1, changes do
  local kind = argument()
  local keys = outbox[number()]
  local marks, due, entries = keys[1], keys[2], keys[3]
  if kind == 'mark' then
    local first, last = slice()
    local scored = {}
    for i = first, last do
      scored[#scored + 1] = token
      scored[#scored + 1] = ARGV[i]
    end
    redis.call('ZADD', marks, unpack(scored))
    if redis.call('EXISTS', entries) == 1 and redis.call('HDEL', entries, unpack(ARGV, first, last)) > 0 then
      for i = first, last do
        redis.call('ZREM', due, ARGV[i])
        redis.call('ZREM', failures, outbox_aside_name(marks, ARGV[i]))
      end
    end
  elseif kind == 'put' then
    outbox_put(marks, due, entries, failures, argument(), token, now, argument(), argument())
  elseif kind == 'intent' then
    -- The answer says whether it was written: with if_absent only where there is none.
    local member, due_ms, body, if_absent = argument(), argument(), argument(), argument()
    local written = if_absent == '0' or not outbox_entry(marks, entries, member)
    if written then
      outbox_put(marks, due, entries, failures, member, token, now, due_ms, body)
    end
    answer(written)
  elseif kind == 'drop' then
    outbox_drop(marks, due, entries, failures, argument())
  elseif kind == 'keep' then
    local member = argument()
    local entry = outbox_entry(marks, entries, member)
    if entry and entry.body ~= 'claimed' then
      outbox_drop(marks, due, entries, failures, member)
    end
  else
    -- A removal record stands under the token of its entry.
    local record = key()
    local member, due_ms = argument(), argument()
    redis.call('SET', record, token .. ' ' .. argument())
    outbox_put(marks, due, entries, failures, member, token, now, due_ms, '')
  end
end
