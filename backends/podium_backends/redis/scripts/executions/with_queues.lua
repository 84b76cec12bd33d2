-- After the queues' functions: what a WriteSet asks of queues, and its operations, each a list: its name, where its queue's keys
-- begin in KEYS, and what it needs.

local function receipt_is_held(first, id, receipt, now)
  local queue = queue_look(first)
  return queue_holds(queue, queue_message(queue, id), receipt, now) and '1' or '0'
end

-- Before the first write.
local function queue_prepare(operation)
  local queue = queue_look(operation[2])
  if not queue.prepared then
    queue_open(operation[2])
    queue.prepared = true
  end
  if operation[1] == 'push' then
    queue_expect(queue, operation[5])
    if not queue.announced then
      queue_announce(queue)
      queue.announced = true
    end
  end
end

local function queue_carry_out(operation, push_token, now, answer)
  local name, queue, id = operation[1], queue_look(operation[2]), operation[3]
  if name == 'push' then
    local there, if_absent = queue_message(queue, id), operation[4]
    if not (if_absent and there) then
      local push = { id = id, priority = operation[5], delay_ms = operation[6], payload = operation[7], token = push_token }
      queue_push(queue, there, push, now)
    end
    if if_absent then
      answer(not there)
    end
  elseif name == 'ack' then
    answer(queue_ack(queue, id, operation[4], now))
  else
    local message = queue_message(queue, id)
    if message then
      queue_remove(queue, message)
    end
    -- Nobody asks for the message of a record that is removed.
    if operation[4] then
      answer(message)
    end
  end
end
