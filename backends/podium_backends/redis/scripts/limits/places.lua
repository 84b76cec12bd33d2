-- Places of a concurrency limit: before every script about them.
-- KEYS of a definition: Java's bucket, a sorted set of the tasks that hold a place by the time when they got it, 0 for one in
-- progress; and its set of tasks in progress. A task that Java let in has its time in the bucket as long as it runs.

-- Take away the places that lapsed without being used.
local function places_lapse(bucket, in_progress, now, ttl_ms)
  for _, task in ipairs(redis.call('ZRANGEBYSCORE', bucket, '(0', string.format('%.0f', now - ttl_ms))) do
    if redis.call('SISMEMBER', in_progress, task) == 1 then
      redis.call('ZADD', bucket, 0, task)
    else
      redis.call('ZREM', bucket, task)
    end
  end
end

-- How many places are held; no more than `enough` are counted.
local function places_held(bucket, in_progress, enough)
  local held = redis.call('ZCARD', bucket)
  if held >= enough or redis.call('SCARD', in_progress) == 0 then
    return held
  end
  -- Java counts by this set first, and its clean-up may have taken the place of a task that runs.
  for _, task in ipairs(redis.call('SMEMBERS', in_progress)) do
    if not redis.call('ZSCORE', bucket, task) then
      held = held + 1
      if held >= enough then
        break
      end
    end
  end
  return held
end

-- Hold a place, even above the limit. One that doesn't lapse stays so.
local function place_hold(bucket, now, task)
  if redis.call('ZSCORE', bucket, task) ~= '0' then
    redis.call('ZADD', bucket, string.format('%.0f', now), task)
  end
end
