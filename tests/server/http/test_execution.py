"""A request of an account by HTTP: when it is answered, and with what."""

import pytest
import trio.testing
from railway import railway

from feed.dialects.access import Problem
from feed.model.events import BalanceChanged, OrderChanged, OrderFilled, PositionChanged, Side
from feed.model.requests import Create
from feed.model.trading import OrderState, Pricing
from feed.server.http.execution import executed

TAKE = Create(account=1, instrument=0, side=Side.BUY, size=1, type=Pricing.MARKET, slippage=20_000)
SECONDS = 5


async def test_the_answer_comes_when_everybody_has_been_told(autojump_clock):
    """What the account was told, numbered as in the stream, of which nothing is still under way."""
    async with railway() as opened:
        fanout = opened.context.fanout
        told = await executed(TAKE, opened.script, fanout, SECONDS)
        kinds = [OrderChanged, OrderChanged, OrderFilled, PositionChanged, BalanceChanged]
        assert [type(event) for event in told] == kinds
        assert [event.state for event in told[:2]] == [OrderState.PENDING, OrderState.ACTIVE]
        assert told[-1].seq == fanout.hub.seq
        published = dict(enumerate(fanout.hub.past(told[0].seq - 1, 99), told[0].seq))
        assert [published[event.seq] for event in told] == [event.row() for event in told]


async def test_it_is_not_told_of_other_accounts(autojump_clock):
    """Not even when they are the other side of its trade."""
    async with railway() as opened:
        fanout, market = opened.context.fanout, opened.script
        price = opened.context.fanout.hub.market_state.quote(0).bid + 1
        rests = Create(account=2, instrument=0, side=Side.BUY, size=1, price=price)
        hits = Create(account=1, instrument=0, side=Side.SELL, size=1, price=price)
        assert {event.account for event in await executed(rests, market, fanout, SECONDS)} == {2}
        assert {event.account for event in await executed(hits, market, fanout, SECONDS)} == {1}


async def refused(opened):
    with pytest.raises(Problem) as refusal:
        await executed(TAKE, opened.script, opened.context.fanout, SECONDS)
    return refusal.value.status


async def test_what_was_not_written_down_has_not_acted(autojump_clock):
    """It is answered with 503."""
    written = []
    async with railway(journal=lambda entry: bool(written.append(entry))) as opened:
        assert await refused(opened) == 503
        assert [entry.request for entry in written] == [TAKE]
        assert opened.script.control.status().seq == opened.context.fanout.hub.seq


async def test_what_finds_no_place_in_the_queue_has_not_acted(autojump_clock):
    """It is answered with 503 at once, and what has a place acts."""
    async with railway(waiting=1) as opened:
        heard = []
        assert opened.script.submit(TAKE, pytest.fail, lambda rows, seq: heard.append(seq))
        assert await refused(opened) == 503
        await trio.testing.wait_all_tasks_blocked()
        assert len(heard) == 1


async def test_who_waits_too_long_is_told_that_it_may_still_act(autojump_clock):
    """A market that waits for somebody else answers nobody."""
    async with railway() as opened:

        class Busy:
            takes_orders = True

            def submit(self, request, refused, executed):
                return True

        with pytest.raises(Problem, match="may still act") as refusal:
            await executed(TAKE, Busy(), opened.context.fanout, SECONDS)
        assert refusal.value.status == 503
