-- Operations that read the same in each layout, after its queue_changes.lua.

-- Remove a message that is leased, under this receipt unless it is ''; whether it was.
local function queue_ack(queue, id, receipt, now)
  local message = queue_message(queue, id)
  if not queue_holds(queue, message, receipt, now) then
    return false
  end
  queue_remove(queue, message)
  return true
end

-- The push that five arguments from ARGV[at] on say: id, priority, delay in ms, 1 with a payload, payload.
local function queue_push_at(at, token)
  local payload = nil
  if ARGV[at + 3] == '1' then
    payload = ARGV[at + 4]
  end
  return { id = ARGV[at], priority = ARGV[at + 1], delay_ms = tonumber(ARGV[at + 2]), payload = payload, token = token }
end
