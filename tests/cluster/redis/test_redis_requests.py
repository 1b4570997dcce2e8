"""What edges ask through Redis, and how servers say that they are there: both ends, and what may go wrong."""

import attrs
import pytest
import structlog
import trio
from blocks import CALL
from memory_redis import MemoryRedis, doubts
from redis_logs import RedisWriter, following, link_to

from feed.cluster.block import REFUSED, Outcome
from feed.cluster.messages import Report
from feed.cluster.ports import NO_HANDLERS, NotConnected
from feed.cluster.redis.asking import RedisAsking
from feed.cluster.redis.link import BACKOFF
from feed.cluster.redis.requests import RedisRequests, Undecided
from feed.model.requests import CancelMany
from feed.server.http.forwarding import ForwardedAnswer
from feed.settings import Cluster

SETTINGS = Cluster()


def request(account):
    return CancelMany(account=account, instrument=0)


ANSWER = ForwardedAnswer(status=201, headers=((b"a", b"b"),), body=b"made")


class Sequencer:
    """
    What a sequencer is asked.

    Attributes:
        asked: Edge, number and account of each request, in order.
        reports: Of each edge.
        left: Edges that were gone.
    """

    def __init__(self, redis, **more):
        self.asked, self.reports, self.left, self.calls = [], {}, [], 0
        handlers = attrs.evolve(
            NO_HANDLERS,
            submit=lambda edge, number, one: self.asked.append((edge, number, one.account)),
            call=self.call,
            reported=self.reported,
            left=self.left.append,
        )
        self.counts = []
        self.requests = RedisRequests(redis, handlers, settings=SETTINGS, report=self.report, **more)

    def report(self):
        return Report(seq=5, listening=0, counts=self.counts)

    def reported(self, edge, report):
        self.reports.setdefault(edge, []).append(report)

    async def call(self, call):
        assert call == CALL
        self.calls += 1
        await trio.sleep(0.01)
        return ANSWER, (1, 7)

    def of(self, edge):
        return [number for who, number, _ in self.asked if who == edge]


def asking(redis, edge):
    return RedisAsking(redis, edge=edge, name=f"edge {edge}", settings=SETTINGS, backoff=BACKOFF)


@pytest.fixture
def redis():
    return MemoryRedis()


async def test_every_request_comes_once_and_in_order(autojump_clock, nursery, redis):
    """From two edges, while commands and answers are lost, and Redis is killed again and again."""
    sequencer, edges = Sequencer(redis), [asking(redis, "a"), asking(redis, "b")]
    for one in (sequencer.requests, *edges):
        nursery.start_soon(one.run)
    await trio.sleep(1)
    redis.doubt = doubts(3, 0.2)
    for number in range(1, 301):
        for at, one in enumerate(edges):
            assert one.submit(request(100 * at + number)) == number
        await trio.sleep(0.02)
        if number % 70 == 0:
            redis.down()
            await trio.sleep(0.5)
            redis.up()
    redis.doubt = lambda: ""
    await trio.sleep(10)
    assert sequencer.of("a") == sequencer.of("b") == list(range(1, 301))
    assert redis.opened > 30


async def test_a_call_is_answered(autojump_clock, nursery, redis):
    """To who asked, with the place to wait for; also where the answer had to be sent twice."""
    writer = RedisWriter(redis)
    await writer.begin()
    sequencer, link, other = Sequencer(redis), link_to(redis, edge="a"), link_to(redis, edge="b")
    nursery.start_soon(sequencer.requests.run)
    async with following(link) as (_, one), following(other) as (_, two), trio.open_nursery() as reading:
        for blocks in (one, two):
            reading.start_soon(anext, blocks)
        await trio.sleep(1)
        assert await link.call(CALL) == (ANSWER, (1, 7))
        for at in range(20):
            redis.doubt = doubts(at, 0.2)
            with trio.fail_after(20):
                await ask(other)
            redis.doubt = lambda: ""
            await trio.sleep(2)
        reading.cancel_scope.cancel()


async def ask(link):
    """Call until there is a connection."""
    while True:
        try:
            found = await link.call(CALL)
        except NotConnected:
            await trio.sleep(0.1)
            continue
        assert found == (ANSWER, (1, 7))
        return


async def test_where_redis_is_away_nothing_is_asked(autojump_clock, nursery, redis):
    """A call says so at once; a request under way comes once Redis is back, calls that waited do not."""
    sequencer, edge = Sequencer(redis), asking(redis, "a")
    with pytest.raises(NotConnected):
        await edge.call(CALL)
    nursery.start_soon(sequencer.requests.run)
    nursery.start_soon(edge.run)
    await trio.sleep(1)
    redis.stop()
    edge.submit(request(1))
    answered = trio.Event()

    async def call():
        await edge.call(CALL)
        answered.set()

    nursery.start_soon(call)
    await trio.sleep(5)
    assert not edge.connected
    with pytest.raises(NotConnected):
        await edge.call(CALL)
    redis.wake()
    await trio.sleep(5)
    assert sequencer.of("a") == [1]
    assert not answered.is_set()


async def test_what_was_on_its_way_to_another_log_is_not_sent(autojump_clock, nursery, redis):
    """A sequencer that began the log anew may have let it act before it ended."""
    writer = RedisWriter(redis)
    await writer.begin()
    await writer.say()
    link = link_to(redis, edge="a")
    async with following(link) as (_, blocks), trio.open_nursery() as reading:
        reading.start_soon(anext, blocks)
        await trio.sleep(1)
        await writer.say()
        redis.full = True
        assert link.submit(request(1)) == 1
        await trio.sleep(0.5)
        redis.full = False
        redis.down()
        reading.cancel_scope.cancel()
    await RedisWriter(redis, history=b"o" * 16).begin()
    redis.up()
    sequencer = Sequencer(redis, after="0-0")
    nursery.start_soon(sequencer.requests.run)
    async with following(link) as (_, blocks), trio.open_nursery() as reading:
        reading.start_soon(anext, blocks)
        await trio.sleep(1)
        assert link.submit(request(2)) == 2
        await trio.sleep(1)
        reading.cancel_scope.cancel()
    assert sequencer.of("a") == [2]


async def test_a_full_redis_is_told_once_and_tried_again(autojump_clock, nursery, redis):
    """What was asked meanwhile comes once it takes something again."""
    sequencer, edge = Sequencer(redis), asking(redis, "a")
    nursery.start_soon(sequencer.requests.run)
    nursery.start_soon(edge.run)
    edge.report(Report(seq=1, listening=0))
    await trio.sleep(1)
    with structlog.testing.capture_logs() as logged:
        redis.full = True
        edge.submit(request(1))
        await trio.sleep(5)
        assert sequencer.asked == []
        assert edge.connected
        redis.full = False
        await trio.sleep(1)
    assert sequencer.of("a") == [1]
    assert [one["event"] for one in logged] == ["Redis takes no requests"]


async def test_a_sequencer_takes_what_comes_from_its_start_on(autojump_clock, nursery, redis):
    """What was asked before is another's, unless it goes on after what that one has read."""
    first, edge = Sequencer(redis), asking(redis, "a")
    nursery.start_soon(edge.run)
    async with trio.open_nursery() as life:
        life.start_soon(first.requests.run)
        await trio.sleep(1)
        edge.submit(request(1))
        await trio.sleep(1)
        for one in first.asked:
            first.requests.decided(Outcome(edge=one[0], number=one[1], seq=0, events=REFUSED))
        edge.submit(request(2))
        await trio.sleep(1)
        life.cancel_scope.cancel()
    assert first.of("a") == [1, 2]
    nursery.start_soon(edge.call, CALL)
    edge.submit(request(3))
    await trio.sleep(1)
    read = first.requests.read
    others = Sequencer(redis), Sequencer(redis, after=read), Sequencer(redis, after=read, skip={("a", 2)})
    for one in others:
        nursery.start_soon(one.requests.run)
    await trio.sleep(1)
    assert not any(one.calls for one in others)
    edge.submit(request(4))
    nursery.start_soon(edge.call, CALL)
    await trio.sleep(1)
    assert [one.of("a") for one in others] == [[5], [2, 3, 5], [3, 5]]
    assert [one.calls for one in others] == [1, 1, 1]


async def test_servers_hear_of_each_other(autojump_clock, nursery, redis):
    """What each has counted, how many connections it has; and one that has gone is forgotten everywhere."""
    sequencer, here, there = Sequencer(redis), asking(redis, "a"), asking(redis, "b")
    sequencer.counts = [("seats", "k", 0, 1)]
    nursery.start_soon(sequencer.requests.run)
    nursery.start_soon(here.run)
    async with trio.open_nursery() as life:
        life.start_soon(there.run)
        for count in (2, 5):
            here.report(Report(seq=1, listening=0, connections=10, counts=[("seats", "k", 0, count)]))
            there.report(Report(seq=2, listening=3, connections=20, counts=[("seats", "k", 0, 100)]))
            await trio.sleep(1)
        assert here.elsewhere == {("seats", "k", 0): 101}
        assert there.elsewhere == {("seats", "k", 0): 6}
        assert here.mean_connections == 15
        life.cancel_scope.cancel()
    assert [one.counts for one in sequencer.reports["a"] if one.counts] == [
        [("seats", "k", 0, 2)],
        [("seats", "k", 0, 5)],
    ]
    assert sequencer.reports["b"][-1].listening == 3
    await trio.sleep(3)
    assert sequencer.left == ["b"]
    assert here.elsewhere == {("seats", "k", 0): 1}
    assert set(sequencer.requests.present.there()) == {"a", "sequencer"}
    assert redis.data.do(("HGETALL", "{market}:edges"), 0).keys() == {b"a", b"sequencer"}
    redis.down()
    await trio.sleep(3)
    assert here.elsewhere == {}  # nobody knows what others count now


async def test_what_cannot_be_read_is_passed_over(autojump_clock, nursery, redis):
    """A line says so; what comes after it acts."""
    sequencer, edge = Sequencer(redis), asking(redis, "a")
    nursery.start_soon(sequencer.requests.run)
    nursery.start_soon(edge.run)
    await trio.sleep(1)
    with structlog.testing.capture_logs() as logged:
        for fields in ((b"x", b"y"), (b"e", b"a", b"b", b"\0\0\0\1\xc0")):
            redis.data.do(("XADD", "{market}:req", "*", *fields), trio.current_time())
        edge.submit(request(1))
        await trio.sleep(1)
    assert sequencer.of("a") == [1]
    assert [one["event"] for one in logged] == ["requests of an edge cannot be read"] * 2


def test_up_to_where_all_is_decided():
    """An entry counts once its last request is decided, and those before it are."""
    undecided = Undecided("0-0")
    undecided.took("1-1", {("a", 1), ("a", 2)})
    undecided.took("2-1", {("b", 1)})
    undecided.took("3-1", set())
    undecided.decided("b", 1)
    undecided.decided("b", 9)
    assert undecided.read == "0-0"
    undecided.decided("a", 2)
    undecided.decided("a", 1)
    assert undecided.read == "3-1"
