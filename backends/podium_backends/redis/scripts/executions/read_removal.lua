-- Read how far a removal has come, and the tasks that are left.
-- KEYS: its record, the workflow's document, its tasks' ids. ARGV: as read_members.lua.
-- Returns the record, the workflow's document, ids and documents of tasks, as members_within; false without a record.
local record = redis.call('GET', KEYS[1])
if not record then
  return { false, false, false, false }
end
local ids, documents = members_within({ KEYS[3] }, ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]))
return { record, redis.call('GET', KEYS[2]), ids, documents }
