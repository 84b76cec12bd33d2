-- Read a workflow with its tasks, if they are few and small.
-- KEYS: its document, its removal record, its tasks' ids. ARGV: what a task's key begins with, how many tasks, how many bytes.
-- Returns the document, the record, the ids, and the tasks' documents; or nothing for the documents, and the bytes of all.
local document, record = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if not document then
  return { false, record, {}, {}, 0 }
end
local ids, prefix = redis.call('SMEMBERS', KEYS[3]), ARGV[1]
local function key_at(at)
  return prefix .. ids[at]
end
if #ids <= tonumber(ARGV[2]) then
  local tasks = documents_within(#ids, key_at, tonumber(ARGV[3]) - #document)
  if #tasks == #ids then
    return { document, record, ids, tasks, 0 }
  end
end
local bytes = #document
for at = 1, #ids do
  bytes = bytes + redis.call('STRLEN', key_at(at))
end
return { document, record, {}, false, bytes }
