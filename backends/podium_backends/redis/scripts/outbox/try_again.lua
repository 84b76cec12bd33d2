-- Make entries that were set aside due again. KEYS: failures, then marks, due and entries of each. ARGV: the members.
-- Returns how many.
local count = 0
for i, member in ipairs(ARGV) do
  local marks, due, entries = KEYS[3 * i - 1], KEYS[3 * i], KEYS[3 * i + 1]
  local there = outbox_entry(marks, entries, member)
  if there and there.aside == '1' then
    outbox_save(marks, due, entries, KEYS[1], member, there, { token = there.token, since = there.since, due = '0',
      attempts = '0', aside = '0', reason = '', body = there.body })
    count = count + 1
  end
end
return count
