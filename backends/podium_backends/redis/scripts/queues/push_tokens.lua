-- Tokens of pushes, the same in each layout: decimal texts, since as numbers they would lose digits above 2^53.

local function token_is_less(one, other)
  if #one ~= #other then
    return #one < #other
  end
  return one < other
end

local function token_after(token)
  local head, digit, nines = string.match(token, '^(%d-)([0-8]?)(9*)$')
  if digit == '' then
    head, digit = '', '0'
  end
  return head .. (tonumber(digit) + 1) .. string.rep('0', #nines)
end

-- The token of a push: the given one, or the next above that of the message that it replaces.
local function queue_token(there, push)
  if there and not token_is_less(there.token, push.token) then
    return token_after(there.token)
  end
  return push.token
end
