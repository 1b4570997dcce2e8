"""
A Redis in memory, on Trio's clock: its streams, keys and our scripts, and all that goes wrong with one.

As a real one it applies what reached it even where nobody hears the answer any more.
"""

from contextlib import asynccontextmanager
from random import Random

import trio
from memory_redis_data import RedisData

from feed.cluster.redis.connection import COMMAND_SECONDS, RedisAway, RedisRefused

BLOCKING = {b"XREAD"}


class MemoryRedis:
    """
    See :class:`feed.cluster.redis.connection.RedisServer`.

    Attributes:
        data: What it holds.
        delay: How long a command takes each way, seconds; called each time.
        doubt: Called for each: "unsent" loses it and its connection, "unheard" its answer, "" nothing.
        commands: What was carried out, in order.
        opened: How many connections were.
    """

    where = "redis://memory/market"
    name = "market"

    def __init__(self, *, delay=lambda: 0.0, doubt=lambda: ""):
        self.data = RedisData()
        self.delay = delay
        self.doubt = doubt
        self.commands = []
        self.opened = 0
        self._down = False
        self._stopped = False
        self._waiting = []  # what has reached it while it was stopped
        self._connections = set()
        self._grown = trio.lowlevel.ParkingLot()
        self._woken = trio.lowlevel.ParkingLot()

    # --- what goes wrong --------------------------------------------------------------------------------

    def down(self, *, lose=False):
        """Be killed: connections are lost, and nobody can connect; ``lose`` all that was held."""
        self._down = True
        self.kill()
        if lose:
            self.data.values.clear()
            self.data.expires.clear()
        self.data.loaded.clear()

    def up(self):
        """Be there again."""
        self._down = False

    def kill(self):
        """Lose every connection."""
        for one in list(self._connections):
            one.lose("Connection reset by peer")

    def stop(self):
        """Stop, as by SIGSTOP: what is sent is not answered, and is carried out when it wakes."""
        self._stopped = True

    def wake(self):
        """Go on."""
        self._stopped = False
        for parts in self._waiting:
            self._apply(parts)
        self._waiting.clear()
        self._woken.unpark_all()

    @property
    def full(self):
        """Whether it takes no more."""
        return self.data.full

    @full.setter
    def full(self, full):
        self.data.full = full

    def lose_tail(self, count, key=None):
        """Lose the last entries of the log, as a replica that was behind, and have the head before them."""
        log = key or f"{{{self.name}}}:log"
        lost = self.data.stream(log)[-count:]
        self.data.lose_tail(log, count)
        if key is None:
            self.data.values[f"{{{self.name}}}:head".encode()] = lost[0][1][b"p"]

    def stream(self, key):
        """See :meth:`memory_redis_data.RedisData.stream`."""
        return self.data.stream(key)

    # ----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def connection(self):
        """See :class:`feed.cluster.redis.connection.RedisServer`."""
        await trio.sleep(self.delay())
        if self._down:
            raise RedisAway("Connection refused")
        if self._stopped:
            with trio.move_on_after(COMMAND_SECONDS):
                await self._woken.park()
            if self._stopped:
                raise RedisAway("it does not answer")
        self.opened += 1
        connection = MemoryConnection(self)
        self._connections.add(connection)
        try:
            yield connection
        finally:
            connection.lose("Connection not usable")

    def _apply(self, parts):
        """Carry a command out; an error of it is given as a value, as over the network."""
        self.commands.append(parts)
        try:
            return self.data.do(parts, trio.current_time())
        except RedisRefused as refused:
            return refused
        finally:
            self._grown.unpark_all()


class MemoryConnection:
    """See :class:`feed.cluster.redis.connection.RedisConnection`."""

    def __init__(self, redis):
        self._redis = redis
        self._lost = ""
        self._gone = trio.Event()

    def lose(self, reason):
        """Be of no use any more."""
        self._lost = self._lost or reason
        self._redis._connections.discard(self)
        self._gone.set()

    async def command(self, *parts, seconds=None):
        """See :class:`feed.cluster.redis.connection.RedisConnection`."""
        assert all(isinstance(one, bytes | str | int) for one in parts), parts
        if self._lost:
            raise RedisAway(self._lost)
        found, told = [], False
        try:
            async with trio.open_nursery() as nursery:

                async def answer():
                    with trio.move_on_after(seconds or COMMAND_SECONDS):
                        found.append(await self._answer(parts))
                    nursery.cancel_scope.cancel()

                async def until_lost():
                    await self._gone.wait()
                    nursery.cancel_scope.cancel()

                nursery.start_soon(answer)
                nursery.start_soon(until_lost)
            told = True
        finally:
            if not told:
                self.lose("a command was cancelled")
        if self._lost:
            raise RedisAway(self._lost)
        if not found:
            self.lose("it does not answer")
            raise RedisAway("it does not answer")
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    async def _answer(self, parts):
        redis = self._redis
        await trio.sleep(redis.delay())
        doubt = redis.doubt()
        if doubt == "unsent":
            self.lose("Connection lost while sending request")
            return None
        if redis._stopped:
            redis._waiting.append(parts)
            await trio.sleep_forever()
        found = await self._read(parts) if _word(parts) in BLOCKING else redis._apply(parts)
        if doubt == "unheard":
            self.lose("Connection lost while receiving response")
            return None
        await trio.sleep(redis.delay())
        return found

    async def _read(self, parts):
        redis = self._redis
        words = [one if isinstance(one, bytes) else str(one).encode() for one in parts]
        upper = [one.upper() for one in words]
        parts = redis.data.last_ids(parts)
        if b"BLOCK" not in upper:
            return redis._apply(parts)
        milliseconds = int(words[upper.index(b"BLOCK") + 1])
        with trio.move_on_after(milliseconds / 1000 if milliseconds else float("inf")):
            while (found := redis.data.do(parts, trio.current_time())) is None:
                await redis._grown.park()
            redis.commands.append(parts)
            return found
        return None


def doubts(seed, share):
    """Losses of so many commands, drawn; half of them are carried out."""
    chance = Random(seed)
    return lambda: chance.choice(["unsent", "unheard"]) if chance.random() < share else ""


def _word(parts):
    word = parts[0]
    return (word if isinstance(word, bytes) else word.encode()).upper()
