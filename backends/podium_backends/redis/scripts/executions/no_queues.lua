-- In place of with_queues.lua, for a WriteSet without queues.
local receipt_is_held, queue_prepare, queue_carry_out
