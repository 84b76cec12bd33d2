-- The next messages of all queues: about so many.
-- KEYS: a queue whose name is ''. ARGV: the time, the queue to go on with or '', HSCAN's cursor in it, how many.
-- Returns the queue and the cursor to go on with ('' after the last queue); for each message the name, its id, and when its lease
-- ends, or 0.
local name, cursor, limit = ARGV[2], ARGV[3], tonumber(ARGV[4])
local found = {}

local function next_name()
  return redis.call('ZRANGEBYLEX', KEYS[1], name == '' and '-' or '(' .. name, '+', 'LIMIT', 0, 1)[1] or ''
end

if name == '' then
  name = next_name()
end
while name ~= '' and #found < 3 * limit do
  local page = redis.call('HSCAN', KEYS[2] .. name, cursor, 'COUNT', limit)
  cursor = page[1]
  for at = 1, #page[2], 2 do
    if page[2][at] ~= '' then
      table.insert(found, name)
      table.insert(found, page[2][at])
      table.insert(found, redis.call('ZSCORE', KEYS[4] .. name, page[2][at]) or '0')
    end
  end
  if cursor == '0' then
    name = next_name()
  end
end
return { name, cursor, found }
