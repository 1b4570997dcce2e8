"""Sessions that look at the silence of their clients, and connections that begin where others ended."""

import json

import pytest
import trio
from clients import KEY, request
from scripts import Script, quote

from feed.dialects.securitypro.policy import SecurityProPolicy
from feed.policies import Policies
from feed.settings import Flow, Settings

SECOND = 1_000_000_000
ANEW = "subscribe without since to begin with the present"
SUBSCRIBE = {"op": "subscribe", "channel": "ticker", "symbol": "EURUSD", "apiKey": KEY}


def settings(**policy):
    return Settings(policies=Policies(securitypro=SecurityProPolicy(**policy)))


async def test_connection_without_a_subscription_is_left_alone(server):
    """Far past the auth window of other protocols; then it subscribes and is served."""
    client = await server.upgraded("/market/ws")
    with trio.move_on_after(300):
        await client.text()
    await client.send(SUBSCRIBE)
    assert [message["type"] for message in await client.messages(2)] == ["subscribed", "ticker"]


async def test_connection_without_a_subscription_is_closed_where_a_policy_says_so(open_server):
    """After so many seconds, with an error before the close; one that subscribes stays."""
    async with open_server(settings(idle_seconds=5)) as server:
        idle, busy = [await server.upgraded("/market/ws") for _ in range(2)]
        opened = trio.current_time()
        await busy.send(SUBSCRIBE)
        messages, code, reason = await idle.rest()
        assert trio.current_time() - opened == pytest.approx(5, abs=1e-6)
        assert [message["message"] for message in messages] == ["No subscription in time"]
        assert (code, reason) == (1008, "No subscription in time")
        await busy.messages(2)
        with trio.move_on_after(60):
            pytest.fail(await busy.text())


async def test_missing_pongs_end_a_connection(open_server):
    """Heartbeats are counted in market time: while the market stands still, none is missed."""
    async with open_server(settings(missed_pongs=1)) as server:
        client = await server.upgraded("/market/ws")
        await client.send(SUBSCRIBE)
        await client.messages(2)
        server.script.play(quote(0, 101, ts=11 * SECOND))
        assert [message["type"] for message in await client.messages(2)] == ["heartbeat", "ticker"]
        with trio.move_on_after(600):
            pytest.fail(await client.text())
        server.script.play(quote(0, 102, ts=20 * SECOND))
        messages, code, reason = await client.rest()
        assert [message["type"] for message in messages] == ["heartbeat", "ticker", "error"]
        assert (code, reason) == (1008, "No pong in time")


@pytest.mark.parametrize("path", ["/ws", "/market/ws", "/"])
@pytest.mark.parametrize("since", ["-1", "", "one", "1.5", "%00", "9" * 20, "9" * 10_000])
async def test_bad_option_is_refused_before_the_handshake(server, path, since):
    """HTTP 400, and the words of the dialect."""
    client = server.connect()
    await client.send_bytes(request(f"{path}?since={since}"))
    status, _, body = await client.answer()
    what = "is a number alone and proves nothing" if since.isdecimal() else "is no position"
    assert (status, body["message"].partition(": ")[0][-len(what) :]) == (400, what)
    assert body["message"].endswith(": send the last pos that you were told, such as 123456-a1b2c3d4")


@pytest.mark.parametrize(
    ("path", "messages"),
    [
        ("/ws", [{"type": "subscribe", "channels": ["ticker_eurusd"]}]),
        ("/market/ws", [SUBSCRIBE]),
        ("/", [{"type": "auth", "apiKey": KEY}, {"type": "subscribe", "symbol": "EURUSD"}]),
    ],
)
@pytest.mark.parametrize(
    ("since", "answer"),
    [
        ("1-00000000", "is too old: the oldest event kept is 7"),
        ("7-00000000", "is ahead of this server: its newest event is 6"),
        (f"{10**17}-00000000", "is ahead of this server: its newest event is 6"),
        ("6-00000000", "is of another history: this is not the market you saw"),
    ],
)
async def test_what_is_not_kept_is_an_error_in_every_protocol(open_server, path, messages, since, answer):
    """It says from where one can go on; nothing else comes, and the connection stays."""
    async with open_server(Settings(flow=Flow(history_bytes=0))) as server:
        server.script.play(*(quote(0, 200 + at) for at in range(3)))
        client = await server.upgraded(f"{path}?since={since}")
        for message in messages:
            await client.send(message)
        while (shown := await client.message())["type"] != "error":
            assert shown["type"] in {"welcome", "auth"}
        assert shown["message"] == f"since={since} {answer}; {ANEW}"
        server.script.play(quote(0, 300))
        with trio.move_on_after(25):
            pytest.fail(await client.text())


async def test_client_comes_back_where_it_was(open_server):
    """A resumed stream is byte for byte what was missed, and goes on with what comes."""
    async with open_server(script=Script(opening=[])) as server:
        subscribe = {"type": "subscribe", "channels": ["ticker_eurusd", "candles_1m_eurusd"]}
        stayed = await server.upgraded("/ws?ext=seq")
        await stayed.send(subscribe)
        begun = (await stayed.message())["pos"]
        server.script.play(*(quote(0, 100 + at, ts=at) for at in range(5)))
        heard = [await stayed.text() for _ in range(5)]
        second = json.loads(heard[1])["pos"]
        back = await server.upgraded(f"/ws?ext=seq&since={second}")
        await back.send(subscribe)
        assert (await back.message())["pos"] == second
        server.script.play(quote(0, 200, ts=9))
        assert [await back.text() for _ in range(4)] == [*heard[2:], await stayed.text()]
        again = await server.upgraded("/ws?ext=seq")
        await again.send(subscribe | {"since": begun})
        assert (await again.message())["pos"] == begun
        assert [await again.text() for _ in range(5)] == heard
