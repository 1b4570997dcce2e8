"""A log in a Redis in memory, as a sequencer writes it, without the sequencer."""

from contextlib import aclosing, asynccontextmanager

import trio
from blocks import START, TOKEN_KEY, header_bytes, snapshot_at
from memory_redis_data import PYTHON

from feed.cluster.block import decode_block
from feed.cluster.messages import Report
from feed.cluster.redis.asking import ASK
from feed.cluster.redis.format import (
    NO_HEAD,
    Names,
    SnapshotPointer,
    head_text,
    pack_block,
    pack_header,
    pack_pointer,
    place_text,
)
from feed.cluster.redis.link import RedisLink
from feed.cluster.redis.present import SEQUENCER, Said, encode_said
from feed.cluster.redis.script import APPEND, run_script
from feed.cluster.snapshot_parts import parts_of
from feed.settings import Cluster


class RedisWriter:
    """
    Writes header, snapshots and blocks.

    Attributes:
        redis: Where.
        place: Of the newest block.
        head: Of it.
    """

    def __init__(self, redis, *, history=b"h" * 16, token_key=TOKEN_KEY):
        self.redis = redis
        self.names = Names(redis.name)
        self.place = (0, 0)
        self.head = NO_HEAD
        self._history = history
        self._token_key = token_key
        self._said = 0

    async def command(self, *parts, seconds=None):
        """By a connection to which nothing happens."""
        found = self.redis._apply(parts)
        if isinstance(found, Exception):
            raise found
        return found

    do = command

    async def header(self, data=None):
        data = data or header_bytes(self._history)
        await self.do("SET", self.names.header, pack_header(data, self._token_key))

    async def snapshot(self, snapshot):
        """Let those who come begin with it."""
        parts = list(parts_of(snapshot))
        position = snapshot.position
        pointer = SnapshotPointer(
            prefix=self.names.snapshot_parts(snapshot.place, "x"),
            parts=len(parts),
            place=snapshot.place,
            position=(position.seq, position.proof),
            history=self._history,
        )
        for key, part in zip(pointer.keys(), parts, strict=True):
            await self.do("SET", key, part.data)
        await self.do("SET", self.names.snapshot, pack_pointer(pointer))

    async def begin(self, snapshot=None, header=None):
        """A log without blocks."""
        await self.header(header)
        await self.snapshot(snapshot or snapshot_at(START))

    async def append(self, *blocks, term=None):
        """Append blocks, under a new term if one is given."""
        for block in blocks:
            last, number = self.place
            self.place = (last, number + 1) if term in {None, last} else (term, 1)
            text = block.ends.text
            keys = self.names.log, self.names.head
            told = await run_script(
                self, APPEND, *keys, self.head, place_text(self.place), text, pack_block(block)
            )
            assert told[0] == b"OK", told
            self.head = head_text(self.place, block.ends)

    async def copy(self, log):
        """Append what a log in memory gets, until cancelled."""
        at = 0
        while True:
            while at < len(log.blocks):
                await self.append(decode_block(log.blocks[at]), term=1)
                at += 1
            await log.more.wait()

    async def say(self, seq=0, counts=()):
        """Be there, as a sequencer says it."""
        self._said += 1
        report = Report(seq=seq, listening=0, counts=list(counts))
        said = encode_said(Said(count=self._said, name=SEQUENCER, report=report))
        await self.do("HSET", self.names.edges, SEQUENCER, said)


def _ask(data, *arguments):
    """What :data:`feed.cluster.redis.asking.ASK` does."""
    requests, asked, edge, number, body, most, seconds = arguments
    last = data._get(asked)
    if last is not None and int(last) >= int(number):
        return b"DUP"
    data._call(b"XADD", requests, b"MAXLEN", b"~", most, b"*", b"e", edge, b"b", body)
    data._call(b"SET", asked, number, b"EX", seconds)
    return b"OK"


PYTHON[ASK] = _ask


def link_to(redis, *, edge="e1", token_key=TOKEN_KEY, **settings):
    """An edge's way to it."""
    return RedisLink(
        redis,
        edge=edge,
        name=f"edge-{edge}",
        token_key=token_key,
        settings=Cluster(**settings),
        random=lambda: 0.0,
    )


@asynccontextmanager
async def following(link):
    """Its snapshot and its blocks, while it runs."""
    snapshot = await link.snapshot()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(link.run)
        async with aclosing(link.blocks(snapshot.place, snapshot.position)) as blocks:
            yield snapshot, blocks
        nursery.cancel_scope.cancel()
