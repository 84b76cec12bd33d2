-- Entries that are due, oldest first, about evenly from all buckets that have some.
-- KEYS: marks, due and entries of each kind and bucket. ARGV: the time, how many, how many bytes of bodies are enough.
-- Returns now; of each entry the number of its keys, member, token, since, due, attempts, body.
local now, limit = now_ms(), tonumber(ARGV[2])
local busy = {}
for at = 1, #KEYS, 3 do
  local marks = redis.call('ZCARD', KEYS[at])
  local due = redis.call('ZCOUNT', KEYS[at + 1], '-inf', now)
  if marks + due > 0 then
    busy[#busy + 1] = at
  end
end
local share = math.ceil(limit / math.max(#busy, 1))
local found = {}
for _, at in ipairs(busy) do
  for _, member in ipairs(redis.call('ZRANGE', KEYS[at], 0, share - 1)) do
    found[#found + 1] = { at, member, outbox_entry(KEYS[at], KEYS[at + 2], member) }
  end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[at + 1], '-inf', now, 'LIMIT', 0, share)) do
    local entry = outbox_entry(KEYS[at], KEYS[at + 2], member)
    if entry then
      found[#found + 1] = { at, member, entry }
    else
      redis.call('ZREM', KEYS[at + 1], member)
    end
  end
end
table.sort(found, function(one, other)
  local a, b = one[3], other[3]
  if a.due ~= b.due then
    return tonumber(a.due) < tonumber(b.due)
  end
  return tonumber(a.token) < tonumber(b.token)
end)
local answer, size = {}, 0
for i = 1, math.min(#found, limit) do
  local entry = found[i][3]
  answer[i] = { (found[i][1] - 1) / 3, found[i][2], entry.token, entry.since, entry.due, entry.attempts, entry.body }
  size = size + #entry.body
  if size >= tonumber(ARGV[3]) then
    break
  end
end
return { now, answer }
