-- Change entries whose token is unchanged. Returns 1, or what was asked for, for each that was; 0 for the others.
-- KEYS: token, failures, then marks, due and entries of each. ARGV: the time, then for each: what, member, token, a number, a text.
--   finish: it goes
--   claim: its body is the text, and it is due after so many ms
--   retry: it is due after so many ms, after one attempt more, for that reason
--   aside: it is set aside for that reason
--   raise: it has a token above the number; that is answered
local now = now_ms()
local answers = {}

local function save(keys, member, there, changed)
  changed.token = changed.token or there.token
  changed.since = there.since
  changed.due = changed.due or there.due
  changed.attempts = changed.attempts or there.attempts
  changed.aside = changed.aside or there.aside
  changed.reason = changed.reason or there.reason
  changed.body = changed.body or there.body
  outbox_save(keys[1], keys[2], keys[3], KEYS[2], member, there, changed)
end

local function change(what, keys, member, there, number, text)
  if what == 'finish' then
    outbox_drop(keys[1], keys[2], keys[3], KEYS[2], member)
  elseif what == 'claim' then
    save(keys, member, there, { body = text, due = string.format('%.0f', now + number) })
  elseif what == 'retry' then
    save(keys, member, there, {
      due = string.format('%.0f', now + number), attempts = there.attempts + 1, reason = text })
  elseif what == 'aside' then
    save(keys, member, there, { aside = '1', attempts = there.attempts + 1, reason = text })
  else
    local token = outbox_token(KEYS[1], now, number)
    if there.mark then
      redis.call('ZADD', keys[1], token, member)
    else
      save(keys, member, there, { token = token })
    end
    return token
  end
  return '1'
end

for at = 2, #ARGV, 5 do
  local first = 3 + 3 * #answers
  local keys = { KEYS[first], KEYS[first + 1], KEYS[first + 2] }
  local there = outbox_entry(keys[1], keys[3], ARGV[at + 1])
  if there and there.token == ARGV[at + 2] then
    answers[#answers + 1] = change(ARGV[at], keys, ARGV[at + 1], there, tonumber(ARGV[at + 3]), ARGV[at + 4])
  else
    answers[#answers + 1] = '0'
  end
end
return answers
