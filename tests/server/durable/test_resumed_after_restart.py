"""Clients that resume after a restart: the rest of the stream, byte for byte, as if there had been none."""

from contextlib import asynccontextmanager

import attrs
import pytest
import servers
import trio
from memory_disk import MemoryDisk
from published_market import SETTINGS, PublishedMarket, order
from scripts import Script

from feed import Limits
from feed.durability.data_folder import history_name, history_spans
from feed.model.stream_position import StreamPosition

CHANNELS = ["ticker_btcusd", "trades_btcusd", "book_btcusd", "book_ethusd"]
PATIENT = attrs.evolve(SETTINGS, limits=Limits(ping_seconds=10_000))


@pytest.fixture
def market():
    """A market with two checkpoints, and events and orders after the last of them."""
    market = PublishedMarket(MemoryDisk())
    maker = market.maker()
    for seconds in (1.2, 2.4):
        market.ask(order(1), order(2, 10))
        assert maker.follow(market.until(seconds)).checkpoint
    market.ask(order(1))
    market.until(3.5)
    return market


@asynccontextmanager
async def serving(market, stream_state=None):
    """A server that publishes the rows after what it knows, step by step; the last 50 are still to come."""
    known = 0 if stream_state is None else stream_state.history.seq
    script = Script(listing=market.run.listing, opening=[])
    rows = market.rows[known:-50]
    for start in range(0, len(rows), 37):
        script.play(*rows[start : start + 37])
    async with servers.open_server(PATIENT, script, stream_state=stream_state) as server:
        await server.context.fanout.published(len(market.rows) - 50)
        yield server


async def heard(server, market, since):
    """Every byte that a client is told who resumes there, with what is still to come."""
    client = await server.upgraded(f"/ws?ext=seq&since={since.text}", capacity=1 << 24)
    await client.send({"type": "subscribe", "channels": CHANNELS})
    server.script.play(*market.rows[-50:])
    await server.context.fanout.published(len(market.rows))
    texts = []
    with trio.move_on_after(5):
        while True:
            texts.append(await client.text())
    return texts


def position(market, seq):
    return StreamPosition(seq, market.proofs[seq])


@pytest.mark.parametrize("part", [0.0, 0.3, 0.5, 0.62, 0.9])
async def test_the_continuation_is_the_same_to_the_byte(market, part, autojump_clock):
    """Positions before, at and after the checkpoint, also when the client was there as it was taken."""
    seq = round(part * len(market.rows))
    if part == 0.62:
        seq = market.folder.checkpoints()[0]
    async with serving(market) as undisturbed:
        before = await heard(undisturbed, market, position(market, seq))
    restored = market.restored()
    assert 0 < restored.position.seq < len(market.rows) - 50
    async with serving(market, restored.stream) as restarted:
        after = await heard(restarted, market, position(market, seq))
    assert after == before
    assert len(before) > 20


async def test_what_is_no_longer_kept_is_refused_as_usual(market, autojump_clock):
    """With the oldest event that is; and another history's position is another history's."""
    before, last = history_spans(market.disk.names())[-1]
    market.disk.remove(history_name(before, last))
    async with serving(market, market.restored().stream) as restarted:
        for since, words in (
            (position(market, 5), f"the oldest event kept is {last + 1}"),
            (StreamPosition(last + 5, 1), "of another history"),
        ):
            client = await restarted.upgraded(f"/ws?ext=seq&since={since.text}")
            await client.send({"type": "subscribe", "channels": CHANNELS})
            assert words in await client.text()


async def test_a_new_client_is_told_what_it_would_have_been_told(market, autojump_clock):
    """Its snapshots and all that follows are those of a server that was never restarted."""
    told = []
    for stream in (None, market.restored().stream):
        async with serving(market, stream) as server:
            client = await server.upgraded("/ws?ext=seq", capacity=1 << 24)
            await client.send({"type": "subscribe", "channels": CHANNELS})
            texts = [await client.text()]
            server.script.play(*market.rows[-50:])
            with trio.move_on_after(5):
                while True:
                    texts.append(await client.text())
            told.append(texts)
    assert told[0] == told[1]
    assert len(told[0]) > 5
