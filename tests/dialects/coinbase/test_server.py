"""The WebSocket through a whole server: who is let in, and until when."""

import pytest
import trio
from clients import Closed, request
from servers import open_server

from feed import Settings
from feed.dialects.coinbase.policy import CoinbasePolicy
from feed.policies import Policies


@pytest.fixture
async def server():
    """One that lets an address connect twice in a second, and subscribe within three."""
    policies = Policies(coinbase=CoinbasePolicy(connections_per_second=2, subscribe_seconds=3))
    async with open_server(Settings(policies=policies)) as running:
        yield running


async def test_an_address_may_connect_so_often_in_a_second(server, autojump_clock):
    """By either path; the next second it may again."""
    await trio.sleep(1 - trio.current_time() % 1)
    assert [(await server.connect().upgrade(path))[0] for path in ("/coinbase", "/coinbase/ws")] == [101, 101]
    refused = server.connect()
    await refused.send_bytes(request("/coinbase"))
    status, _, body = await refused.answer()
    assert (status, body["error"]) == (429, "rate_limit_exceeded")
    assert (await server.connect().upgrade("/tradyn"))[0] == 101
    await trio.sleep(1)
    assert (await server.connect().upgrade("/coinbase"))[0] == 101


async def test_who_subscribes_in_time_stays(server, autojump_clock):
    """And who does not is closed; errors are no subscription, and have no number."""
    silent, other = server.connect(), server.connect()
    for client in (silent, other):
        await client.upgrade("/coinbase")
    await silent.send({"type": "subscribe", "channel": "nothing"})
    assert await silent.message() == {"type": "error", "message": "nothing is not a valid channel"}
    await other.send({"type": "subscribe", "channel": "heartbeats"})
    message = await other.message()
    assert (message["channel"], message["sequence_num"]) == ("subscriptions", 0)
    with pytest.raises(Closed) as closed:
        await silent.message()
    assert closed.value.code == 1008
    await trio.sleep(5)
    await other.send({"type": "unsubscribe", "channel": "heartbeats"})
    while (message := await other.message())["channel"] != "subscriptions":
        pass
    assert message["events"] == [{"subscriptions": {}}]
