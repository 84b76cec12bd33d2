-- What apply.lua asks of events and uploads: '1' or '0'.

-- Redis expires a hash of event executions as a whole; when each of them ends Podium says beside it.
local function event_is_there(events, ends, id, now)
  if redis.call('HEXISTS', events, id) == 0 then
    return '0'
  end
  local end_ms = redis.call('HGET', ends, id)
  return (not end_ms or tonumber(end_ms) > now) and '1' or '0'
end

local function upload_is_free(marks, entries, member)
  local entry = outbox_entry(marks, entries, member)
  return entry and entry.body ~= 'claimed' and '1' or '0'
end

-- A change of the outbox: its name, the keys of the kind and bucket, and what it needs. `change.entries` is how many entries
-- there were before the first change; marks come first, and add none.
local function outbox_change(change, token, now, failures, answer)
  local name, marks, due, entries = change[1], change[2], change[3], change[4]
  if name == 'mark' then
    local scored = {}
    for at = 5, #change do
      scored[2 * at - 9], scored[2 * at - 8] = token, change[at]
    end
    redis.call('ZADD', marks, unpack(scored))
    if change.entries > 0 and redis.call('HDEL', entries, unpack(change, 5)) > 0 then
      for at = 5, #change do
        redis.call('ZREM', due, change[at])
        redis.call('ZREM', failures, outbox_aside_name(marks, change[at]))
      end
    end
  elseif name == 'put' then
    outbox_put(marks, due, entries, failures, change[5], token, now, change[6], change[7])
  elseif name == 'intent' then
    -- The answer says whether it was written: with if_absent only where there is none.
    local written = not change[8] or not outbox_entry(marks, entries, change[5])
    if written then
      outbox_put(marks, due, entries, failures, change[5], token, now, change[6], change[7])
    end
    answer(written)
  elseif name == 'drop' then
    outbox_drop(marks, due, entries, failures, change[5])
  elseif name == 'keep' then
    if upload_is_free(marks, entries, change[5]) == '1' then
      outbox_drop(marks, due, entries, failures, change[5])
    end
  else
    -- A removal record stands under the token of its entry.
    redis.call('SET', change[7], token .. ' ' .. change[8])
    outbox_put(marks, due, entries, failures, change[5], token, now, change[6], '')
  end
end
