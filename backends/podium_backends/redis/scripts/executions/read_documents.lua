-- Read documents in the order of the keys, until so many bytes are reached. KEYS: the documents. ARGV: how many bytes.
-- Returns those that were read; nothing where there is none.
local left, at, slice = tonumber(ARGV[1]), 1, 16
local found = {}
while at <= #KEYS and left > 0 do
  local last = math.min(at + slice - 1, #KEYS)
  for _, document in ipairs(redis.call('MGET', unpack(KEYS, at, last))) do
    found[#found + 1] = document
    left = left - (document and #document or 0)
  end
  at = last + 1
  slice = 256
end
return found
