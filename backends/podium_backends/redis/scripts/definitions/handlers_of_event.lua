-- The documents of all handlers that an event's set names. KEYS: the names, the handlers.
local documents = {}
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  documents[#documents + 1] = redis.call('HGET', KEYS[2], name)
end
return documents
