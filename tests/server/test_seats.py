"""A connection that is over takes no seat: whoever is told so can come back at once."""

import pytest
import trio
import trio.testing
from clients import BINARY, CLOSE, frame, request

from feed import Settings
from feed.dialects.marketai.policy import MarketAiPolicy, TierLimits
from feed.policies import Policies

KEY = "mk_live_abc123..."
ONE = TierLimits(connections=1, symbols=5, requests_per_day=0)
SETTINGS = Settings(policies=Policies(marketai=MarketAiPolicy(basic=ONE)))
PATH = f"/marketai?key={KEY}"


async def by_close_frame(client):
    """The client closes, and waits for the answer."""
    await client.send_bytes(frame(CLOSE, (1000).to_bytes(2, "big")))
    assert (await client.frame())[0] == CLOSE


async def by_the_server(client):
    """The client sends nonsense, and waits to be closed."""
    await client.send_bytes(frame(BINARY, b"?"))
    while (await client.frame())[0] != CLOSE:
        pass


async def by_end(client):
    """The client closes its socket."""
    await client.stream.aclose()


async def by_reset(client):
    """The client vanishes the hard way."""
    client.stream.reset()


@pytest.mark.parametrize("leave", [by_close_frame, by_the_server, by_end, by_reset])
async def test_who_leaves_may_come_back_at_once(open_server, leave):
    """Thirty times in a row, with one connection allowed, however it ended."""
    async with open_server(SETTINGS) as server:
        for _ in range(30):
            client = server.connect(polite=False)
            assert (await client.upgrade(PATH))[0] == 101
            await leave(client)


async def test_the_seat_is_free_before_the_close_frame_is_written(open_server):
    """However slowly the client takes what it is owed: nobody can know of the end before."""
    async with open_server(SETTINGS) as server:
        client = server.connect(polite=False, capacity=150)
        await client.send_bytes(request(PATH))
        assert (await client.head())[0] == 101
        assert (await server.connect().upgrade(PATH))[0] == 429
        await client.send_bytes(frame(BINARY, b"?" * 100))
        await trio.testing.wait_all_tasks_blocked()
        assert (await server.connect().upgrade(PATH))[0] == 101
