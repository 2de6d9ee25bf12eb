--[[
Takes tokens out of a caller's bucket, which fills at a steady rate by the clock of Redis.

KEYS[1]  the bucket: a hash of tokens (left, with fraction) and at (when they were counted, in milliseconds)

ARGV[1]  tokens that come in a minute
ARGV[2]  tokens that the bucket holds when it is full, as it is at first
ARGV[3]  tokens wanted

Returns { granted, waitMs }
  granted  whole tokens, as many as are wanted and there
  waitMs   if none: until the next one is there
]]
local perMs = tonumber(ARGV[1]) / 60000
local burst = tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if bucket[1] then
  local passed = math.max(0, now - tonumber(bucket[2]))
  tokens = math.min(burst, tonumber(bucket[1]) + passed * perMs)
end

local granted = math.min(tonumber(ARGV[3]), math.floor(tokens))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - granted), 'at', now)
-- A bucket that is full again need not be remembered.
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / perMs) + 1000)
return { granted, granted > 0 and 0 or math.ceil((1 - tokens) / perMs) }
