-- Read the documents of a set's members, or of those that two sets share.
-- KEYS: the sets. ARGV: what a document's key begins with, how many ids, how many bytes.
-- Returns ids and documents, as members_within.
local ids, documents = members_within(KEYS, ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]))
return { ids, documents }
