-- Read a workflow with its tasks, until so many bytes are reached.
-- KEYS: its document, its removal record, its tasks' ids. ARGV: what a task's key begins with, how many bytes.
-- Returns the document, the record, the ids, and the tasks' documents, fewer than ids where the bytes are reached.
local document, record = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if not document then
  return { false, record, {}, {} }
end
local ids = redis.call('SMEMBERS', KEYS[3])
local left, at, slice = tonumber(ARGV[2]) - #document, 1, 16
local found = {}
while at <= #ids and left > 0 do
  local keys = {}
  for i = at, math.min(at + slice - 1, #ids) do
    keys[#keys + 1] = ARGV[1] .. ids[i]
  end
  for _, task in ipairs(redis.call('MGET', unpack(keys))) do
    found[#found + 1] = task
    left = left - (task and #task or 0)
  end
  at = at + slice
  slice = 256
end
return { document, record, ids, found }
