-- After apply.lua: all checks hold, and everything is written. Redis rolls nothing back, so the type of each key is asked for
-- before the first write.
local PROBES = {
  SADD = 'SCARD', SREM = 'SCARD', HSET = 'HLEN', HDEL = 'HLEN', ZADD = 'ZCARD', ZREM = 'ZCARD',
}
local last_token, failures = key(), key()
local commands = {}
for i = 1, number() do
  local name, target = argument(), key()
  local first, last = slice()
  commands[i] = { name, target, first, last }
  if PROBES[name] then
    redis.call(PROBES[name], target)
  end
end
local slots = {}
for i = 1, number() do
  slots[i] = { key(), argument(), argument() }
end
local places = {}
for i = 1, number() do
  places[i] = { key(), key(), argument() }
  redis.call('ZCARD', places[i][1])
  redis.call('SCARD', places[i][2])
end
local outbox = {}
for i = 1, number() do
  local marks, due, entries = key(), key(), key()
  outbox[i] = { marks, due, entries }
  redis.call('ZCARD', marks)
  redis.call('HLEN', entries)
end
local answers = {}

local function answer(done)
  answers[#answers + 1] = done and '1' or '0'
end
