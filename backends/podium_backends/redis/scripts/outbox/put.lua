-- Put entries; of those that are combined with what is there only if it is unchanged.
-- KEYS: token, failures, then marks, due and entries of each. ARGV: the time, then for each member, due time or delay, body,
-- 1 if the body that is there has to be the next one, that body with 1 before it, or 0 for none.
-- Returns now, the token, and since when each entry waits; or now and the number of the first that was changed meanwhile.
local now = now_ms()
local number = 0
for at = 2, #ARGV, 5 do
  local first = 3 + 3 * number
  number = number + 1
  local there = outbox_entry(KEYS[first], KEYS[first + 2], ARGV[at])
  if ARGV[at + 3] == '1' and (there and '1' .. there.body or '0') ~= ARGV[at + 4] then
    return { now, number }
  end
end
local token = outbox_token(KEYS[1], now)
local since = {}
for i = 1, number do
  local first, at = 3 * i, 2 + 5 * (i - 1)
  local delay_ms = tonumber(ARGV[at + 1])
  local due_ms = delay_ms > 0 and string.format('%.0f', now + delay_ms) or '0'
  since[i] = { outbox_put(KEYS[first], KEYS[first + 1], KEYS[first + 2], KEYS[2], ARGV[at], token, now, due_ms, ARGV[at + 2]), due_ms }
end
return { now, 0, token, since }
