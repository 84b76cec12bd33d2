-- One WriteSet in one step; part of a spike that stays as a test until the real adapter replaces it. KEYS: every key that it
-- touches. ARGV: the plan (msgpack), then the texts of documents; the plan names both by their places. Redis rolls nothing
-- back, so all that could refuse or fail comes before the first write. No document is decoded.
local plan = cmsgpack.unpack(ARGV[1])
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)

-- the remembered request

if plan.request then
  local first = redis.call('GET', KEYS[plan.request])
  if first then return {'replayed', first} end
end

-- guards

local holds = {
  exists = function(key) return redis.call('EXISTS', KEYS[key]) == 1 end,
  absent = function(key) return redis.call('EXISTS', KEYS[key]) == 0 end,
  unchanged = function(key, text) return redis.call('GET', KEYS[key]) == ARGV[text] end,
  held = function(queue, receipts, id, receipt)
    local score = redis.call('ZSCORE', KEYS[queue], id)
    return score and tonumber(score) > now and redis.call('HGET', KEYS[receipts], id) == receipt .. '|' .. score
  end,
}
for at, check in ipairs(plan.checks) do
  if not holds[check[1]](unpack(check, 2)) then return {'refused', at} end
end

-- slots: the first of the call, or the one who has it. Whether the task has another slot isn't checked: the hash goes by
-- slot, so that would be a search.

local claimed = {}
for _, put in ipairs(plan.puts) do
  if put.slot then
    local slots, field = put.slot[1], put.slot[2]
    local name = slots .. '/' .. field
    local holder = claimed[name] or redis.call('HGET', KEYS[slots], field)
    put.left_out = holder and holder ~= put.id
    -- A slot without its document is what a Java writer that died leaves behind.
    put.untouched = holder == put.id and redis.call('EXISTS', KEYS[put.document[1]]) == 1
    claimed[name] = holder or put.id
  end
end

-- types

for key, kind in pairs(plan.types) do
  local found = redis.call('TYPE', KEYS[key]).ok
  if found ~= 'none' and found ~= kind then
    return redis.error_reply('WRONGTYPE ' .. KEYS[key] .. ' is a ' .. found .. ', not a ' .. kind)
  end
end

-- from here on nothing fails

local function run(commands)
  local answer = 0
  for _, command in ipairs(commands) do
    answer = redis.call(command[1], KEYS[command[2]], unpack(command, 3))
  end
  return answer == 1
end

local function mark(kind, id, action)
  if not plan.mark_index then return end
  local token = math.max(micros, tonumber(redis.call('GET', KEYS[plan.token]) or 0) + 1)
  redis.call('SET', KEYS[plan.token], string.format('%.0f', token))
  redis.call('HSET', KEYS[plan.outbox], kind .. '/' .. id, string.format('%.0f', token) .. ' ' .. action)
end

local reply = {workflow_times = {}, task_times = {}, created = {}, left_out = {}, acked = {}, removed = {}, gone = {}}
local left_out = {}
for _, removal in ipairs(plan.removals) do
  local gone = run(removal.commands)
  reply.gone[#reply.gone + 1] = gone
  if gone then mark('task', removal.id, 'remove') end
end
for _, put in ipairs(plan.puts) do
  if put.left_out then
    left_out[put.id] = true
    reply.left_out[#reply.left_out + 1] = put.id
  else
    if put.slot then reply.created[#reply.created + 1] = put.id end
    if not put.untouched then
      local key, head, tail, floor = unpack(put.document)
      local stamp = math.max(now, floor)
      local text = ARGV[head]
      if ARGV[tail] ~= '' then text = text .. string.format('%.0f', stamp) .. ARGV[tail] end
      redis.call('SET', KEYS[key], text, 'KEEPTTL')
      run(put.commands)
      local times = reply[put.kind .. '_times']
      times[#times + 1] = {put.id, stamp}
      mark(put.kind, put.id, 'upsert')
    end
  end
end
run(plan.commands)

for _, ack in ipairs(plan.acks) do reply.acked[#reply.acked + 1] = run(ack) end
for _, remove in ipairs(plan.removes) do reply.removed[#reply.removed + 1] = run(remove) end
for _, push in ipairs(plan.pushes) do
  if not left_out[push.of_task] then
    local score = push.priority > 0 and push.priority or now
    if push.offset_ms > 0 then score = now + push.offset_ms + (1 - 1 / (push.priority + 1)) end
    redis.call('ZADD', KEYS[push.queue], string.format('%.17g', score), push.id)
    redis.call('HDEL', KEYS[push.receipts], push.id)
    if push.payload then redis.call('HSET', KEYS[push.payloads], push.id, push.payload)
    else redis.call('HDEL', KEYS[push.payloads], push.id) end
  end
end

local packed = cmsgpack.pack(reply)
if plan.request then redis.call('SET', KEYS[plan.request], packed, 'PX', plan.remember_ms) end
return {'done', packed}
