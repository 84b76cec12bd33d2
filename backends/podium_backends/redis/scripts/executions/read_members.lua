-- Read the documents of a set's members, or of those that two sets share, where they are few and small.
-- KEYS: the sets. ARGV: what a document's key begins with, how many ids, how many bytes.
-- Returns ids and documents; only ids where the documents are more bytes; neither where the ids may be more.
local most, prefix = tonumber(ARGV[2]), ARGV[1]
local fewest = redis.call('SCARD', KEYS[1])
if KEYS[2] then
  fewest = math.min(fewest, redis.call('SCARD', KEYS[2]))
end
if fewest > most then
  return { false, false }
end
local ids = redis.call('SINTER', unpack(KEYS))
local function key_at(at)
  return prefix .. ids[at]
end
local documents = documents_within(#ids, key_at, tonumber(ARGV[3]))
return { ids, #documents == #ids and documents }
