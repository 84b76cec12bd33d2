-- The queue operations of a WriteSet, on queues of the same Redis.
local operations = {}
for i = 1, number() do
  local kind, first = argument(), number()
  local queue = queue_open(first)
  local from = at + 1
  at = at + (kind == 'push' and 7 or 2)
  if kind == 'push' then
    queue_expect(queue, ARGV[from + 3])
  end
  operations[i] = { kind, queue, from }
end
for _, operation in ipairs(operations) do
  if operation[1] == 'push' then
    queue_announce(operation[2])
  end
end
local push_token = argument()
for _, operation in ipairs(operations) do
  local kind, queue, from = operation[1], operation[2], operation[3]
  if kind == 'push' then
    -- whether only where none is there, whether that is answered; then the push
    local there = queue_message(queue, ARGV[from + 2])
    local pushes = ARGV[from] == '0' or not there
    if pushes then
      queue_push(queue, there, queue_push_at(from + 2, push_token), now)
    end
    if ARGV[from] == '1' then
      answer(pushes)
    end
  elseif kind == 'ack' then
    answer(queue_ack(queue, ARGV[from], ARGV[from + 1], now))
  else
    local message = queue_message(queue, ARGV[from])
    if message then
      queue_remove(queue, message)
    end
    if ARGV[from + 1] == '1' then
      answer(message)
    end
  end
end
