-- After the take.lua of a layout, whose `serve` leases messages for one ask: one ask after the other, and what take.lua returns.
local answers = {}
for at = ASKS, #ARGV, 2 do
  if held >= room then
    no_room = 1
    break
  end
  local answer = serve(tonumber(ARGV[at]), queue_later(now, tonumber(ARGV[at + 1])))
  if not answer then
    break
  end
  answers[#answers + 1] = answer
end
local next_due = -1
if 2 * #answers < #ARGV - ASKS + 1 or #ARGV < ASKS then
  next_due = queue_next_due(queue)
end
return { now, next_due, no_room, answers }
