-- What is remembered of a request, with the answers.
local flags = table.concat(answers)
local remembered = argument()
if remembered ~= '' then
  redis.call('SET', KEYS[tonumber(remembered)], argument() .. ' ' .. flags .. ' ' .. argument(), 'PX', argument())
end
return { now, false, token, flags }
