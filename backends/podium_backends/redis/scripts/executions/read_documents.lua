-- Read documents in the order of the keys, until so many bytes are reached. KEYS: the documents. ARGV: how many bytes.
-- Returns those that were read; nothing where there is none.
return documents_within(#KEYS, function(at) return KEYS[at] end, tonumber(ARGV[1]))
