-- The documents of the handlers that an event's set names; Java leaves names there of handlers that are gone.
-- KEYS: the names, the handlers.
local documents = {}
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local document = redis.call('HGET', KEYS[2], name)
  if document then
    documents[#documents + 1] = document
  end
end
return documents
