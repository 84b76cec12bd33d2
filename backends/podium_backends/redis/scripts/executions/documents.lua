-- Before every script that reads documents.

-- The documents of `count` keys in their order, until so many bytes are reached. key_at(i) is the i-th key.
local function documents_within(count, key_at, bytes)
  local found, left, slice = {}, bytes, 4
  while #found < count and left > 0 do
    local keys, first = {}, #found
    for i = first + 1, math.min(first + slice, count) do
      keys[i - first] = key_at(i)
    end
    local size = 0
    for i, document in ipairs(redis.call('MGET', unpack(keys))) do
      found[first + i] = document
      size = size + (document and #document or 0)
    end
    left = left - size
    -- As many as seem to fit: a slice is in memory as a whole.
    slice = math.max(1, math.min(4 * slice, 256, math.floor(left * #keys / math.max(size, 1))))
  end
  return found
end
