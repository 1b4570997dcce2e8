"""Edges of a log in Redis: the same bytes as at any server, whatever happens to Redis."""

from random import Random

import attrs
import trio
from asking import ask
from block_logs import SIGNING_KEY, header_of, snapshot_of
from followed_servers import SUBSCRIBERS, followed, played
from memory_redis import MemoryRedis, doubts
from redis_logs import RedisWriter, link_to

from feed.cluster.log_header import release, write_header


class Written:
    """
    Servers of one script, of which one's log is copied into a Redis.

    Attributes:
        servers: They.
        redis: It.
        writer: Copies.
    """

    def __init__(self, servers):
        self.servers = servers
        self.redis = MemoryRedis()
        self.writer = RedisWriter(self.redis, history=bytes(16), token_key=SIGNING_KEY)

    async def begin(self):
        sequencer = self.servers.sequencer
        header = write_header(header_of(sequencer), release=release())
        await self.writer.begin(snapshot_of(sequencer, self.servers.log), header)
        self.servers.nursery.start_soon(self.writer.copy, self.servers.log)
        self.servers.nursery.start_soon(self._be_there)

    async def _be_there(self):
        while True:
            await self.writer.say(seq=self.servers.log.seq)
            await trio.sleep(0.25)

    async def join(self, edge):
        return await self.servers.join(link=link_to(self.redis, edge=edge, token_key=SIGNING_KEY))

    async def snapshot(self):
        """Let those who join later begin where the sequencer stands."""
        snapshot = snapshot_of(self.servers.sequencer, self.servers.log)
        await self.writer.snapshot(attrs.evolve(snapshot, place=self.writer.place))


async def test_every_server_says_the_same_bytes(autojump_clock):
    """Every protocol and option, at edges that join early and late, over connections that break."""
    opening, rows = played(8)
    chance = Random(1)
    async with followed(opening) as servers:
        written = Written(servers)
        await written.begin()
        await written.join("a")
        written.redis.doubt = doubts(5, 0.1)
        clients = []
        for at in range(2):
            clients += [(name, await servers.subscribe(name)) for name in SUBSCRIBERS]
            await servers.play(rows[at * len(rows) // 2 : (at + 1) * len(rows) // 2], chance)
            written.redis.doubt, lossily = (lambda: ""), written.redis.doubt
            await written.snapshot()
            await written.join(f"b{at}")
            written.redis.doubt = lossily
        for name, (first, *others) in clients:
            assert len(first.data) > 500, name
            assert [other.data == first.data for other in others] == [True] * len(others), name


async def test_while_redis_is_away_an_edge_reads_on_and_says_so(autojump_clock):
    """What it has it answers; it is not ready after a while; and it goes on without loss."""
    opening, rows = played(10)
    async with followed(opening) as servers:
        written = Written(servers)
        await written.begin()
        edge = await written.join("a")
        clients = await servers.subscribe("tradyn with positions")
        await servers.play(rows[: len(rows) // 2], Random(1))
        assert (await ask(edge.connect(), "/readyz"))[0] == 200
        written.redis.down()
        await trio.sleep(1)
        assert (await ask(edge.connect(), "/readyz"))[0] == 200
        servers.sequencer.script.play(*rows[len(rows) // 2 :])
        servers.plain.script.play(*rows[len(rows) // 2 :])
        await trio.sleep(5)
        status, _, told = await ask(edge.connect(), "/readyz")
        assert status == 503
        assert "s behind redis://memory/market" in str(told)
        assert (await ask(edge.connect(), "/v1/market/book?symbol=BTC-USD"))[0] == 200
        written.redis.up()
        await servers.still()
        assert (await ask(edge.connect(), "/readyz"))[0] == 200
        assert len({bytes(client.data) for client in clients}) == 1
