"""What stands in a log in Redis, held against itself; and one who leads it."""

from contextlib import asynccontextmanager

import trio
from blocks import START

from feed.cluster.block import rows_of
from feed.cluster.redis.format import unpack_block
from feed.cluster.redis.log import RedisLog


def chained(entries):
    """Entries, each of which must name the one before it as its predecessor; as identifiers and blocks."""
    found, head = [], None
    for identifier, fields in entries:
        assert head in (None, fields[b"p"]), "the chain of heads is broken"
        head = identifier + b" " + fields[b"h"]
        block = unpack_block(fields[b"b"])
        assert block.ends.text.encode() == fields[b"h"]
        found.append((identifier, block))
    return found


def history_of(entries):
    """Their blocks, each of which must follow the one before, and the first the beginning."""
    position, blocks = START, []
    for _, block in chained(entries):
        rows_of(block, position)
        assert block.before == position.seq, "events twice"
        position = block.ends
        blocks.append(block)
    return blocks


@asynccontextmanager
async def leading(server, term=1, after=None, *, retain_bytes=1 << 20, **more):
    """A log that is led, until the block ends."""
    log = RedisLog(server, term=term, after=after, retain_bytes=retain_bytes, **more)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(log.run)
        yield log
        nursery.cancel_scope.cancel()
