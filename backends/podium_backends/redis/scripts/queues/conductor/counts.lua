-- How many messages queues have. KEYS: the queues.
local counts = {}
for at = 1, #KEYS, QUEUE_KEYS do
  table.insert(counts, redis.call('ZCARD', KEYS[at]))
end
return counts
