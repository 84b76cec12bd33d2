-- What an entry of the outbox is on Redis, and the functions that know it: before every script about the outbox.
--
-- Three keys for each kind and bucket:
--   marks    sorted set: member by token. A mark with no body that never failed is nothing else; it is due at once
--   due      sorted set: member by due time, of all other entries that aren't set aside; what is due at once stands before all
--            times, in order of its token
--   entries  hash: member -> 'token since due attempts aside bytes-of-reason reason body', of all other entries
-- A member is an id, or owner NUL id. An entry that was set aside is in one more sorted set, by the time when it was written:
-- 'kind.bucket member'. Tokens are microseconds, which numbers hold exactly.

-- The next token: it grows, also where the clock is set back.
local function outbox_token(key, now, above)
  local token = now * 1000
  local last = tonumber(redis.call('GET', key) or 0)
  token = string.format('%.0f', math.max(token, last + 1, (above or 0) + 1))
  redis.call('SET', key, token)
  return token
end

local function outbox_entry(marks, entries, member)
  local text = redis.call('HGET', entries, member)
  if not text then
    local token = redis.call('ZSCORE', marks, member)
    if not token then
      return nil
    end
    token = string.format('%.0f', token)
    return { token = token, since = string.format('%.0f', math.floor(token / 1000)), due = '0', attempts = '0', aside = '0',
      reason = '', body = '', mark = true }
  end
  local token, since, due, attempts, aside, size, from = string.match(text, '^(%d+) (%d+) (%d+) (%d+) ([01]) (%d+) ()')
  return { token = token, since = since, due = due, attempts = attempts, aside = aside,
    reason = string.sub(text, from, from + size - 1), body = string.sub(text, from + size) }
end

local function outbox_aside_name(marks, member)
  return string.match(marks, '([^.]*%.%d+)$') .. ' ' .. member
end

-- Where an entry stands among those that are due: below 0, and exact, where it is due at once.
local function outbox_score(token, due_ms)
  return due_ms == '0' and string.format('%.0f', token - 2 ^ 53) or due_ms
end

-- Write an entry, in place of `there`.
local function outbox_save(marks, due, entries, failures, member, there, entry)
  redis.call('HSET', entries, member, table.concat({
    entry.token, entry.since, entry.due, entry.attempts, entry.aside, #entry.reason, entry.reason .. entry.body }, ' '))
  if there and there.mark then
    redis.call('ZREM', marks, member)
  end
  if entry.aside == '1' then
    redis.call('ZREM', due, member)
    redis.call('ZADD', failures, entry.since, outbox_aside_name(marks, member))
  else
    redis.call('ZADD', due, outbox_score(entry.token, entry.due), member)
    if there and there.aside == '1' then
      redis.call('ZREM', failures, outbox_aside_name(marks, member))
    end
  end
end

-- Put an entry under a token, in place of one that is there. The time when it was first written stays.
local function outbox_put(marks, due, entries, failures, member, token, now, due_ms, body)
  local there = outbox_entry(marks, entries, member)
  local since = there and there.since or string.format('%.0f', now)
  outbox_save(marks, due, entries, failures, member, there,
    { token = token, since = since, due = due_ms, attempts = '0', aside = '0', reason = '', body = body })
  return since
end

local function outbox_drop(marks, due, entries, failures, member)
  redis.call('ZREM', marks, member)
  if redis.call('HDEL', entries, member) == 1 and redis.call('ZREM', due, member) == 0 then
    redis.call('ZREM', failures, outbox_aside_name(marks, member))
  end
end
