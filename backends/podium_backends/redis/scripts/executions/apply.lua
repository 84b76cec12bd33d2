-- Carry a WriteSet out: checks, then commands. Where a check fails nothing is written, and what is there is answered. No rule
-- of the domain stands here: `plan.py` says what is checked and done, in the order of its `arguments`.
-- ARGV: the time, the time that was assumed, how far it may be off, 1 to write or 0 only to look; then the parts.
-- Returns now and what was found; or now, nil, the token, and a flag for each answer.
local at, now = 4, now_ms()

local function argument()
  at = at + 1
  return ARGV[at]
end

local function number()
  at = at + 1
  return tonumber(ARGV[at])
end

local function key()
  at = at + 1
  return KEYS[tonumber(ARGV[at])]
end

local function several_keys()
  local keys = {}
  for i = 1, number() do
    keys[i] = key()
  end
  return keys
end

-- The next arguments, as many as the one before them says: where they begin and end.
local function slice()
  local count = number()
  local first = at + 1
  at = at + count
  return first, at
end

local function is_less(one, other)
  if #one ~= #other then
    return #one < #other
  end
  return one < other
end

-- Whether the document is the one that Podium wrote last, and its facts are as assumed.
local function facts_hold(document, facts, field, compare, stamp, forbidden, rest)
  local text = redis.call('HGET', facts, field)
  if not text then
    return false
  end
  local stored, status, size, offset, from = string.match(text, '^(%d+) (%S+) (%d+) (%d+) ()')
  if (rest ~= '' and string.sub(text, from) ~= rest) or (forbidden ~= '' and status == forbidden) then
    return false
  end
  if compare == '<' and not is_less(stored, stamp) or compare == '=' and stored ~= stamp then
    return false
  end
  -- Java writes another stamp, or another length.
  return redis.call('STRLEN', document) == tonumber(size)
    and redis.call('GETRANGE', document, offset, offset + #stored - 1) == stored
end

-- Whether the next check holds.
local function holds()
  local kind = argument()
  if kind == 'none' then
    return redis.call('EXISTS', unpack(several_keys())) == 0
  elseif kind == 'free' then
    local hash = key()
    local first, last = slice()
    for _, holder in ipairs(redis.call('HMGET', hash, unpack(ARGV, first, last))) do
      if holder then
        return false
      end
    end
    return true
  elseif kind == 'facts' then
    local document, facts = key(), key()
    return facts_hold(document, facts, argument(), argument(), argument(), argument(), argument())
  elseif kind == 'there' then
    return redis.call('EXISTS', key()) == 1
  elseif kind == 'document' then
    local document = redis.call('GET', key())
    return (document and redis.sha1hex(document) or '') == argument()
  elseif kind == 'text' then
    return (redis.call('GET', key()) or '') == argument()
  elseif kind == 'begins' then
    local text, head = redis.call('GET', key()) or '', argument()
    return string.sub(text, 1, #head) == head
  elseif kind == 'field' then
    local hash = key()
    return (redis.call('HGET', hash, argument()) or '') == argument()
  elseif kind == 'event' then
    return event_is_there(key(), key(), argument(), now) == argument()
  elseif kind == 'upload' then
    return upload_is_free(key(), key(), argument()) == argument()
  else
    return receipt_is_held(number(), argument(), argument(), now) == argument()
  end
end

-- What is there, of the next check.
local function found()
  local kind = argument()
  if kind == 'none' then
    local documents = {}
    for i, document in ipairs(several_keys()) do
      documents[i] = redis.call('GET', document)
    end
    return documents
  elseif kind == 'free' then
    local hash = key()
    local first, last = slice()
    return redis.call('HMGET', hash, unpack(ARGV, first, last))
  elseif kind == 'facts' then
    local document = key()
    at = at + 6
    return redis.call('GET', document)
  elseif kind == 'there' then
    return redis.call('GET', key())
  elseif kind == 'document' or kind == 'text' or kind == 'begins' then
    local text = redis.call('GET', key())
    at = at + 1
    return text
  elseif kind == 'field' then
    local hash = key()
    local value = redis.call('HGET', hash, argument())
    at = at + 1
    return value
  elseif kind == 'event' then
    local is = event_is_there(key(), key(), argument(), now)
    at = at + 1
    return is
  elseif kind == 'upload' then
    local is = upload_is_free(key(), key(), argument())
    at = at + 1
    return is
  else
    local is = receipt_is_held(number(), argument(), argument(), now)
    at = at + 1
    return is
  end
end

local checks = number()
local first_check = at
local all_hold = ARGV[4] == '1' and math.abs(now - tonumber(ARGV[2])) <= tonumber(ARGV[3])
for _ = 1, all_hold and checks or 0 do
  if not holds() then
    all_hold = false
    break
  end
end
if not all_hold then
  local there = {}
  at = first_check
  for i = 1, checks do
    there[i] = found()
  end
  return { now, there }
end
