-- Make entries due now that are due when they were seen to be. KEYS: due and entries of each. ARGV: for each member and due time.
for at = 1, #ARGV, 2 do
  local due, entries = KEYS[at], KEYS[at + 1]
  local score = redis.call('ZSCORE', due, ARGV[at])
  local text = score and tonumber(score) == tonumber(ARGV[at + 1]) and redis.call('HGET', entries, ARGV[at])
  if text then
    local token, since, rest = string.match(text, '^(%d+) (%d+) %d+ (.*)$')
    redis.call('HSET', entries, ARGV[at], token .. ' ' .. since .. ' 0 ' .. rest)
    redis.call('ZADD', due, outbox_score(token, '0'), ARGV[at])
  end
end
