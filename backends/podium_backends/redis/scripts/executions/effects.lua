-- After apply.lua: all checks hold. Redis rolls nothing back, so the type of each key is asked for before the first write.
local last_token, failures, commands, slots, places, changes, queues, push_token, request = unpack(writes, 1, 9)
local probes = { SADD = 'SCARD', SREM = 'SCARD', HSET = 'HLEN', HDEL = 'HLEN', ZADD = 'ZCARD', ZREM = 'ZCARD' }
for _, command in ipairs(commands) do
  local probe = probes[command[1]]
  if probe and not hashes[command[2]] then
    local read, failure = pcall(call, probe, command[2])
    if not read then
      return name_key(failure, command[2])
    end
  end
end
for _, slot in ipairs(slots) do
  local read, holder = pcall(call, 'HGET', slot[1], slot[2])
  if not read then
    return name_key(holder, slot[1])
  end
  slot.is_held = holder == slot[3]
end
-- A place that is held lapses no more.
local held = {}
for _, place in ipairs(places) do
  if call('ZSCORE', place[1], place[3]) then
    call('SCARD', place[2])
    held[#held + 1] = place
  end
end
for _, change in ipairs(changes) do
  call('ZCARD', change[2])
  change.entries = call('HLEN', change[4])
end
for _, operation in ipairs(queues or {}) do
  queue_prepare(operation)
end

-- What it asks of its key comes before the first write too.
local token = ''
if #changes > 0 then
  token = outbox_token(last_token, now)
end
local flags = {}

local function answer(done)
  flags[#flags + 1] = done and '1' or '0'
end

for _, command in ipairs(commands) do
  call(unpack(command))
end
-- A slot is freed by the task that holds it.
for _, slot in ipairs(slots) do
  if slot.is_held then
    call('HDEL', slot[1], slot[2])
  end
end
for _, place in ipairs(held) do
  call('ZADD', place[1], 0, place[3])
  call('SADD', place[2], place[3])
end
for _, change in ipairs(changes) do
  outbox_change(change, token, now, failures, answer)
end
for _, operation in ipairs(queues or {}) do
  queue_carry_out(operation, push_token, now, answer)
end
flags = table.concat(flags)
if request then
  call('SET', request[1], request[2] .. ' ' .. flags .. ' ' .. request[3], 'PX', request[4])
end
return { now, false, token, flags }
