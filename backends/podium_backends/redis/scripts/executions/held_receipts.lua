-- After the queues' functions: whether a receipt is held.
local function receipt_is_held(first, id, receipt, now)
  local queue = queue_look(first)
  return queue_holds(queue, queue_message(queue, id), receipt, now) and '1' or '0'
end
