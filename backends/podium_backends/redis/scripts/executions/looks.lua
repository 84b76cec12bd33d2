-- What apply.lua asks of events, uploads and receipts: '1' or '0' for each.

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
