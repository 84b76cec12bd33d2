-- Take members out of a set whose documents are missing still. KEYS: the set, the document of each member. ARGV: the members.
for i, member in ipairs(ARGV) do
  if redis.call('EXISTS', KEYS[i + 1]) == 0 then
    redis.call('SREM', KEYS[1], member)
  end
end
