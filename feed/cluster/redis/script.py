"""
What must be done in one piece in Redis: to append behind the head that is known, and to become the leader.

An append names the head before it. Redis compares, appends and moves the head in one script, so that of two
who append behind the same head one is refused: there is one history, whoever believes to be the leader, and
whatever their clocks say. The lease only decides who tries.
"""

from __future__ import annotations

import hashlib
from typing import Final

import attrs

from feed.cluster.redis.connection import RedisConnection, RedisRefused, Reply

# Answers of scripts.
OK: Final = b"OK"
DUPLICATE: Final = b"DUP"
"""It was appended before: these very bytes."""
FENCED: Final = b"FENCED"
"""The head is another one; that is told."""
HELD: Final = b"HELD"
"""Another one leads; who, is told."""

_MISSING: Final = "NOSCRIPT"


@attrs.frozen
class Script:
    """
    A script of Redis.

    Attributes:
        text: In Lua.
        keys: How many of its arguments are keys.
    """

    text: str
    keys: int

    @property
    def digest(self) -> str:
        """What Redis knows it by."""
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


APPEND: Final = Script(
    """\
-- KEYS log head   ARGV predecessor id position body
local head, new = redis.call('GET', KEYS[2]) or '0-0 0', ARGV[2] .. ' ' .. ARGV[3]
if head == new then return {'DUP', head} end
if head ~= ARGV[1] then return {'FENCED', head} end
redis.call('XADD', KEYS[1], ARGV[2], 'p', ARGV[1], 'h', ARGV[3], 'b', ARGV[4])
redis.call('SET', KEYS[2], new)
return {'OK', new}
""",
    2,
)
"""Appends an entry behind the head that is named. Sent again with the same bytes it says DUP."""

APPEND_AGAIN: Final = Script(
    """\
-- KEYS log head   ARGV predecessor, and id position body of each
local head = redis.call('GET', KEYS[2]) or '0-0 0'
if head ~= ARGV[1] then return {'FENCED', head} end
for at = 2, #ARGV, 3 do
  redis.call('XADD', KEYS[1], ARGV[at], 'p', head, 'h', ARGV[at + 1], 'b', ARGV[at + 2])
  head = ARGV[at] .. ' ' .. ARGV[at + 1]
  redis.call('SET', KEYS[2], head)
end
return {'OK', head}
""",
    2,
)
"""Appends entries that Redis has lost, one behind the other, in one round trip."""

LEAD: Final = Script(
    """\
-- KEYS lease term head   ARGV me milliseconds above
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return {'HELD', held} end
if held then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return {'OK', redis.call('GET', KEYS[2])}
end
local term = tonumber(redis.call('GET', KEYS[2]) or '0')
local last = tonumber(string.match(redis.call('GET', KEYS[3]) or '0-0 0', '^%d+'))
local new = string.format('%d', math.max(term, last, tonumber(ARGV[3])) + 1)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], new)
return {'OK', new}
""",
    3,
)
"""Takes the lease if nobody has it, and the next term with it, above all that Redis and who asks know of, as
Redis may have lost them. Who has it and asks again is told the same."""

RENEW: Final = Script(
    """\
-- KEYS lease   ARGV me milliseconds
local held = redis.call('GET', KEYS[1])
if not held then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return {'OK', ARGV[1]} end
if held ~= ARGV[1] then return {'HELD', held} end
redis.call('PEXPIRE', KEYS[1], ARGV[2], 'GT')
return {'OK', held}
""",
    1,
)
"""Keeps the lease for as long again, never for less than it lasts; where nobody has it, takes it back."""

RESIGN: Final = Script(
    """\
-- KEYS lease   ARGV me
local held = redis.call('GET', KEYS[1])
if held == ARGV[1] then redis.call('DEL', KEYS[1]) return {'OK', held} end
return {'HELD', held or ''}
""",
    1,
)
"""Gives the lease up, so that another one need not wait until it has run out."""

RESTORE: Final = Script(
    """\
-- KEYS log head   ARGV head-that-is-there head
local head = redis.call('GET', KEYS[2]) or '0-0 0'
if head ~= ARGV[1] then return {head == ARGV[2] and 'DUP' or 'FENCED', head} end
redis.call('UNLINK', KEYS[1])
redis.call('SET', KEYS[2], ARGV[2])
return {'OK', ARGV[2]}
""",
    2,
)
"""Lets a log begin without entries behind a head: for a new history, or one of which Redis has lost all."""

POINT: Final = Script(
    """\
-- KEYS pointer head   ARGV term pointer
local head = redis.call('GET', KEYS[2]) or '0-0 0'
if tonumber(string.match(head, '^%d+')) > tonumber(ARGV[1]) then return {'FENCED', head} end
redis.call('SET', KEYS[1], ARGV[2])
return {'OK', head}
""",
    2,
)
"""Lets those who come begin with a snapshot, unless somebody of a later term has appended."""

SCRIPTS: Final = (APPEND, APPEND_AGAIN, LEAD, RENEW, RESIGN, RESTORE, POINT)


async def run_script(
    connection: RedisConnection, script: Script, *parts: bytes | str | int, seconds: float | None = None
) -> Reply:
    """
    Run a script.

    Args:
        connection: Where.
        script: Which.
        parts: Its keys, and then its other arguments.
        seconds: See :meth:`feed.cluster.redis.connection.RedisConnection.command`.
    Raises:
        RedisAway: See there.
        RedisRefused: See there.
    """
    try:
        return await connection.command(b"EVALSHA", script.digest, script.keys, *parts, seconds=seconds)
    except RedisRefused as refused:
        if not refused.text.startswith(_MISSING):
            raise
    return await connection.command(b"EVAL", script.text, script.keys, *parts, seconds=seconds)
