-- After documents.lua: before every script that reads the documents of a set's members.

-- The members of a set, or those that two sets share, and their documents, where they are few and small. Only ids where the
-- documents are more bytes; neither where the ids may be more than `most`.
local function members_within(sets, prefix, most, bytes)
  local fewest = redis.call('SCARD', sets[1])
  if sets[2] then
    fewest = math.min(fewest, redis.call('SCARD', sets[2]))
  end
  if fewest > most then
    return false, false
  end
  local ids = redis.call('SINTER', unpack(sets))
  local function key_at(at)
    return prefix .. ids[at]
  end
  local documents = documents_within(#ids, key_at, bytes)
  return ids, #documents == #ids and documents
end
