"""What a log in Redis had from its first block on: read as it comes, since servers trim it."""

from __future__ import annotations

from collections import Counter

import trio

from feed.cluster.block import BEFORE_ALL
from feed.cluster.redis.connection import CoredisServer
from feed.cluster.redis.format import Names
from feed.cluster.redis.joining import fields_of
from feed.cluster.redis.reading import LogReader
from feed.cluster.redis.url import parse_redis_url
from feed.durability.entries import REQUESTS, decode, requests_of
from feed.model.requests import JournalEntry
from feed.model.stream_position import StreamPosition

_BLOCK_MILLISECONDS = 200
_PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.01


class LogTail:
    """
    Reads a log.

    A block that does not follow the one before, by its head, its position and its place, ends it.

    Attributes:
        requests: With the places at which they act, in their order.
        blocks: How many each term has.
        events: Sequence number of the last event.
        market_time: After the last block, nanoseconds since the Unix epoch.
        began: After the first block, likewise.
    """

    def __init__(self, where):
        self.requests = []
        self.blocks = Counter()
        self._with_events = set()
        self._nothing_new = trio.lowlevel.ParkingLot()
        self.events = 0
        self.market_time = 0
        self.began = 0
        self._server = CoredisServer(parse_redis_url(where))

    async def run(self):
        """Read until cancelled."""
        reader, cursor = LogReader(BEFORE_ALL, StreamPosition(0, 0)), "0-0"
        key = Names(self._server.name).log
        async with self._server.connection() as connection:
            while True:
                found = await connection.command(
                    "XREAD", "BLOCK", _BLOCK_MILLISECONDS, "STREAMS", key, cursor, seconds=_PATIENCE_SECONDS
                )
                for identifier, fields in (found or {}).get(key.encode(), ()):
                    cursor = identifier
                    if taken := reader.take(identifier, fields_of(fields)):
                        self._take(*taken)
                if not found:
                    self._nothing_new.unpark_all()

    def _take(self, place, block):
        if self.events and block.begins.seq != self.events:
            raise SystemExit(f"block {place} begins after event {block.before}, not {self.events}")
        self.blocks[place[0]] += 1
        if block.events:
            self._with_events.add(place[0])
        self.events, self.market_time = block.ends.seq, block.market_time
        self.began = self.began or block.market_time
        for entry in decode(block.entries) if block.entries else ():
            if entry.kind == REQUESTS:
                self.requests += [JournalEntry(at=entry.at, request=one) for one in requests_of(entry)]

    async def finish(self):
        """Nobody appends any more: wait until all was read."""
        with trio.fail_after(_PATIENCE_SECONDS):
            await self._nothing_new.park()

    async def term(self, above):
        """Wait until somebody appends in a term above one; which."""
        await self._until(lambda: max(self.blocks, default=0) > above)
        return max(self.blocks)

    async def told(self, term):
        """Wait until somebody tells of events in a term."""
        await self._until(lambda: term in self._with_events)

    @staticmethod
    async def _until(look):
        with trio.fail_after(_PATIENCE_SECONDS):
            while not look():  # noqa: ASYNC110 - who reads need not tell
                await trio.sleep(_LOOK_SECONDS)
