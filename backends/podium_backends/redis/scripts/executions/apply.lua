-- Carry a WriteSet out: checks, then everything that it writes. Where a check fails nothing is written, and what is there is
-- answered. No rule of the domain stands here: `executor.py` says what is checked and done.
-- KEYS: those of queues. ARGV: the time; in MessagePack the checks, the time that was assumed, how far it may be off, and what is
-- written, or nil only to look.
-- Returns now and what is there for each check; or now, nil, the token of the outbox, and a flag for each answer.
local now = now_ms()
local checks, assumed_ms, error_ms, writes = unpack(cmsgpack.unpack(ARGV[2]), 1, 4)
local call = redis.call

-- Redis doesn't say which key has another type than it should; and only reads meet such a key.
local TWO_KEYS = { facts = true, event = true, upload = true }

local function keys_of(check)
  if check[1] == 'receipt' then
    return table.concat(KEYS, ' or ', check[2])
  end
  return TWO_KEYS[check[1]] and check[2] .. ' or ' .. check[3] or check[2]
end

local function name_key(failure, name)
  local text = type(failure) == 'table' and failure.err or tostring(failure)
  if not string.find(text, 'WRONGTYPE', 1, true) then
    error(failure, 0)
  end
  return redis.error_reply('WRONGTYPE key:' .. name)
end

-- Hashes that a check has read: their type is known.
local hashes = {}

-- Whether the document is the one that Podium wrote last, and its facts are as assumed.
local function facts_hold(document, facts, field, compare, stamp, forbidden, rest)
  local text = call('HGET', facts, field)
  if not text then
    return false
  end
  hashes[facts] = true
  local stored, status, size, offset, from = string.match(text, '^(%d+) (%S+) (%d+) (%d+) ()')
  if (rest ~= '' and string.sub(text, from) ~= rest) or (forbidden ~= '' and status == forbidden) then
    return false
  end
  -- Decimal texts: of one length they compare as numbers do.
  local is_less = #stored < #stamp or (#stored == #stamp and stored < stamp)
  if (compare == '<' and not is_less) or (compare == '=' and stored ~= stamp) then
    return false
  end
  -- Java writes another stamp, or another length.
  return call('STRLEN', document) == tonumber(size)
    and call('GETRANGE', document, offset, offset + #stored - 1) == stored
end

local function holds(check)
  local kind = check[1]
  if kind == 'facts' then
    return facts_hold(unpack(check, 2, 8))
  elseif kind == 'none' then
    return call('EXISTS', unpack(check, 2)) == 0
  elseif kind == 'free' then
    for _, holder in ipairs(call('HMGET', unpack(check, 2))) do
      if holder then
        return false
      end
    end
    hashes[check[2]] = true
    return true
  elseif kind == 'there' then
    return call('EXISTS', check[2]) == 1
  elseif kind == 'text' then
    local text = call('GET', check[2])
    return (text and redis.sha1hex(text) or '') == check[3]
  elseif kind == 'begins' then
    return string.sub(call('GET', check[2]) or '', 1, #check[3]) == check[3]
  elseif kind == 'field' then
    local text = call('HGET', check[2], check[3])
    return (text and redis.sha1hex(text) or '') == check[4]
  elseif kind == 'event' then
    return event_is_there(check[2], check[3], check[4], now) == check[5]
  elseif kind == 'upload' then
    return upload_is_free(check[2], check[3], check[4]) == check[5]
  else
    return receipt_is_held(check[2], check[3], check[4], now) == check[5]
  end
end

local all_hold = writes ~= nil and math.abs(now - assumed_ms) <= error_ms
if all_hold then
  for _, check in ipairs(checks) do
    local read, hold = pcall(holds, check)
    if not read then
      return name_key(hold, keys_of(check))
    elseif not hold then
      all_hold = false
      break
    end
  end
end
if not all_hold then
  -- What is there, of a check.
  local function found(check)
    local kind = check[1]
    if kind == 'none' then
      local documents = {}
      for at = 2, #check do
        documents[at - 1] = call('GET', check[at])
      end
      return documents
    elseif kind == 'free' then
      return call('HMGET', unpack(check, 2))
    elseif kind == 'field' then
      return call('HGET', check[2], check[3])
    elseif kind == 'event' then
      return event_is_there(check[2], check[3], check[4], now)
    elseif kind == 'upload' then
      return upload_is_free(check[2], check[3], check[4])
    elseif kind == 'receipt' then
      return receipt_is_held(check[2], check[3], check[4], now)
    else
      return call('GET', check[2])
    end
  end

  local there = {}
  for at, check in ipairs(checks) do
    local read, value = pcall(found, check)
    if not read then
      return name_key(value, keys_of(check))
    end
    there[at] = value
  end
  return { now, there }
end
