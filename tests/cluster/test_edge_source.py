"""What an edge makes of blocks: what became of its requests is told before the events of that."""

import attrs
import pytest
import trio
from blocks import LISTING, START, TOKEN_KEY, block_of, clock_rows

from feed import Settings
from feed.cluster.block import BEFORE_ALL, REFUSED, Outcome
from feed.cluster.edge_source import EdgeSource
from feed.cluster.log_header import LogHeader
from feed.cluster.ports import LinkState
from feed.faults.contract import FaultPlan
from feed.model.requests import CancelMany
from feed.settings import Trading

REQUEST = CancelMany(account=1, instrument=0)


class Link:
    """One that brings the blocks that a test gives."""

    where, token_key, edge = "unix:x", TOKEN_KEY, "us"

    def __init__(self, *blocks, waiting=10):
        settings = Settings(trading=Trading(waiting=waiting))
        self.header = LogHeader.of(settings, history=b"h", listing=LISTING, plan=FaultPlan())
        self.placed = [((0, number), block) for number, block in enumerate(blocks, 1)]
        self.state = LinkState(connected=True, seq=0, heard=0.0)
        self.sent = 0

    def submit(self, request):
        self.sent += 1
        return self.sent

    async def blocks(self, after, position):
        for one in self.placed:
            yield one


def source_of(link, *, trades=True):
    return EdgeSource(link, BEFORE_ALL, START, trades=trades, wall=lambda: 0.0)


async def run(source):
    """All batches that come."""
    send, receive = trio.open_memory_channel(100)
    await source.run(send)
    return [batch async for batch in receive]


def outcome(number, seq, events, edge="us"):
    return Outcome(edge=edge, number=number, seq=seq, events=events)


async def test_what_became_of_requests_is_told_before_its_events_in_order():
    """With the events of each step; those of other edges, and of clients before a gap, are nobody's here."""
    rows = clock_rows(0, 6)
    first = block_of(
        rows[:4],
        START,
        outcomes=(
            outcome(2, 0, REFUSED),
            outcome(1, 2, 2, edge="them"),
            outcome(1, 2, 1),
            outcome(9, 2, 1),
            outcome(3, 4, 2),
            outcome(4, 4, 0),
        ),
    )
    second = block_of(rows[4:], first.ends, outcomes=(outcome(5, 6, 2),))
    link = Link(first, second, first)
    source = source_of(link)
    send, receive = trio.open_memory_channel(100)
    heard = []

    def told(*what):
        heard.append((*what, receive.statistics().current_buffer_used))

    for number in range(1, 6):
        assert source.submit(
            REQUEST,
            lambda number=number: told(number, "refused"),
            lambda rows, seq, number=number: told(number, rows, seq),
        )
    link.placed[2] = ((0, 1), first)  # once more, as after a connection was lost
    await source.run(send)
    assert heard == [
        (2, "refused", 0),
        (1, rows[1:2], 2, 0),
        (3, rows[2:4], 4, 0),
        (4, [], 4, 0),
        (5, rows[4:], 6, 1),
    ]


async def test_no_more_requests_wait_than_the_market_lets_wait():
    """The next is refused, until one is decided; one that cannot be sent is not counted."""
    link = Link(block_of(clock_rows(0), START, outcomes=(outcome(1, 2, 2),)), waiting=2)
    source = source_of(link)
    taken = [source.submit(REQUEST, lambda: None) for _ in range(3)]
    assert (taken, link.sent) == ([True, True, False], 2)
    await run(source)
    link.submit = lambda request: None
    assert not source.submit(REQUEST, lambda: None)
    link.submit = lambda request: 3
    assert [source.submit(REQUEST, lambda: None) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("takes", [True, False])
async def test_orders_are_taken_as_they_are_where_the_market_is(takes):
    """As the newest block says, and the snapshot before the first; never without a way there."""
    link = Link(block_of(clock_rows(0), START, takes_orders=takes))
    source = source_of(link, trades=not takes)
    assert source.takes_orders is not takes
    await run(source)
    assert source.takes_orders is takes
    assert source.submit(REQUEST, lambda: None) is takes
    link.state = attrs.evolve(link.state, connected=False)
    assert not source.takes_orders
    assert not source.submit(REQUEST, lambda: None)
