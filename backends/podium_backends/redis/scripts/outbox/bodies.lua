-- For each entry 1 and its body, or 0. KEYS: marks and entries of each. ARGV: the members.
local found = {}
for i, member in ipairs(ARGV) do
  local entry = outbox_entry(KEYS[2 * i - 1], KEYS[2 * i], member)
  found[i] = entry and '1' .. entry.body or '0'
end
return found
