-- Read a workflow with its tasks, until so many bytes are reached.
-- KEYS: its document, its removal record, its tasks' ids. ARGV: what a task's key begins with, how many bytes.
-- Returns the document, the record, the ids, and the tasks' documents, fewer than ids where the bytes are reached.
local document, record = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if not document then
  return { false, record, {}, {} }
end
local ids, prefix = redis.call('SMEMBERS', KEYS[3]), ARGV[1]
local function key_at(at)
  return prefix .. ids[at]
end
return { document, record, ids, documents_within(#ids, key_at, tonumber(ARGV[2]) - #document) }
