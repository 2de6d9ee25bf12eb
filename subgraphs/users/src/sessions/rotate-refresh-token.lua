--[[
Exchanges a session's refresh token for its successor, exactly once however many try at the same moment.

KEYS[1]  the session: a hash of userId, family (digest) and current (digest of the newest one-time secret)

ARGV[1]  digest of the family secret of the token shown
ARGV[2]  digest of the one-time secret of the token shown
ARGV[3]  digest of the one-time secret of its successor
ARGV[4]  life of the successor in milliseconds

Returns
  'rotated'  the successor is now the newest, and the session lives on
  'reused'   an older token of this session was shown: nothing changed, and the session is to be ended
  'unknown'  no such session, or a stranger's family secret: nothing changed
]]
local session = redis.call('HMGET', KEYS[1], 'family', 'current')
if not session[1] or session[1] ~= ARGV[1] then
  return 'unknown'
end
if session[2] ~= ARGV[2] then
  return 'reused'
end
redis.call('HSET', KEYS[1], 'current', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 'rotated'
