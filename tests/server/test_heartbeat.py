"""A ping every thirty seconds, ten to answer it, and no other test of whether a client lives."""

import pytest
import trio
from clients import CLOSE, KEY, PING, PONG, TEXT, frame, request
from scripts import quote

from feed import Settings
from feed.dialects.securitypro.policy import SecurityProPolicy
from feed.dialects.tradyn.policy import TradynPolicy
from feed.policies import Policies

BUSY = Policies(tradyn=TradynPolicy(pong_seconds=0), securitypro=SecurityProPolicy(pong_seconds=0))


@pytest.fixture
async def server(open_server):
    """A house whose protocols all leave as much time to answer as the server does."""
    async with open_server(Settings(policies=BUSY)) as running:
        yield running


async def test_a_client_that_never_answers_is_closed_at_forty_seconds(server):
    """The first ping comes at 30 s; 10 s later the close code is 1011."""
    client = await server.authenticated(polite=False)
    opened = trio.current_time()
    opcode, _ = await client.frame()
    assert (opcode, trio.current_time() - opened) == (PING, pytest.approx(30, abs=1e-6))
    opcode, payload = await client.frame()
    assert (opcode, payload) == (CLOSE, b"\x03\xf3No answer to ping")
    assert trio.current_time() - opened == pytest.approx(40, abs=1e-6)
    assert await client.at_end()
    assert server.ended == {"ping timeout": 1}


async def test_a_pong_in_the_last_moment_counts(server):
    """9.999 s after the ping is in time."""
    client = await server.authenticated(polite=False)
    opcode, payload = await client.frame()
    assert opcode == PING
    await trio.sleep(9.999)
    await client.send_bytes(frame(PONG, payload))
    opcode, _ = await client.frame()
    assert opcode == PING


async def test_an_answer_to_no_ping_does_not_count(server):
    """A pong with another payload is no sign of having read the ping."""
    client = await server.authenticated(polite=False)
    await client.frame()
    await client.send_bytes(frame(PONG, b"hello"))
    opcode, payload = await client.frame()
    assert (opcode, payload[:2]) == (CLOSE, b"\x03\xf3")


async def test_messages_do_not_stand_in_for_a_pong(server):
    """A client that talks but never answers a ping is closed all the same."""
    client = await server.authenticated(polite=False)
    opened = trio.current_time()
    for second in range(5, 40, 5):
        await trio.sleep_until(opened + second)
        await client.send({"type": "list"})
    messages, code, _ = await client.rest()
    assert ([message["type"] for message in messages], code) == (["subscriptions"] * 7, 1011)


async def test_a_silent_client_that_answers_pings_stays_for_an_hour(server):
    """Without subscriptions and without a word for an hour: 119 pings, and still served."""
    client = await server.authenticated()
    with trio.move_on_after(3599):
        await client.text()
    assert client.pings == 119
    await client.send({"type": "list"})
    assert await client.message() == {"type": "subscriptions", "symbols": [], "totalSubscriptions": 0}
    assert server.ended == {}


async def test_a_ping_overtakes_data_that_waits(server):
    """A client that is far behind still finds the ping in time: at the next frame boundary."""
    client = await server.subscribed("EURUSD", capacity=256, polite=False)
    await client.message()
    for number in range(2000):
        server.script.play(quote(0, 1000 + number))
    await trio.sleep(31)
    seen = [(await client.frame())[0] for _ in range(8)]
    assert seen.count(PING) == 1
    assert set(seen) == {PING, TEXT}


async def test_the_client_may_ping_too(server):
    """Its ping is answered with its payload, ahead of the data it has not read yet."""
    client = await server.subscribed("EURUSD", capacity=256, polite=False)
    await client.message()
    for number in range(500):
        server.script.play(quote(0, 1000 + number))
    await trio.sleep(1)
    await client.send_bytes(frame(PING, b"are you there"))
    frames = [await client.frame() for _ in range(8)]
    assert frames.count((PONG, b"are you there")) == 1


async def test_a_half_open_socket_is_dropped(server):
    """Nobody reads, nobody answers, nobody closes: gone for good 42 s after the handshake."""
    gone = await server.authenticated(polite=False)
    await trio.sleep(39)
    assert server.left[0] == 1
    await trio.sleep(4)
    assert server.left == (0, 0, 0)
    with pytest.raises(trio.BrokenResourceError):
        await gone.send({"type": "list"})


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        ("/marketai?key=mk_live_abc123...", 40),
        ("/ws", 40),
        ("/market/ws", 150),
        ("/tradyn", 150),
    ],
)
async def test_where_no_number_is_published_a_busy_client_has_time(open_server, path, seconds):
    """Clients of SecurityPro and Tradyn read in the thread that works; Market.ai says 30 and 10."""
    async with open_server() as server:
        client = server.connect(polite=False)
        assert (await client.upgrade(path))[0] == 101
        opened = trio.current_time()
        if path == "/tradyn":
            await client.send({"type": "auth", "apiKey": KEY})
        while (await client.frame())[0] != CLOSE:
            pass
        assert trio.current_time() - opened == pytest.approx(seconds, abs=1e-6)
        assert server.ended == {"ping timeout": 1}


@pytest.mark.protocols("coinbase_exchange")
@pytest.mark.parametrize("subscribes", [True, False])
async def test_who_must_subscribe_in_time_and_does_so_stays(open_server, subscribes):
    """Five seconds are for the first subscription; what is asked for again after them is nothing."""
    async with open_server() as server:
        client = await server.upgraded("/coinbase-exchange")
        if subscribes:
            await client.send({"type": "subscribe", "channels": ["status"]})
        with trio.move_on_after(60):
            await client.rest()
        assert server.ended == ({} if subscribes else {"closed by session": 1})


async def test_time_in_which_the_server_slept_is_nobodys_silence(server):
    """It was stopped while the answer to its ping was on the way: it reads it, however late it is."""
    client = await server.authenticated(polite=False)
    for after in (0.0, 0.1, 5.5, 9.9):
        opcode, payload = await client.frame()
        assert opcode == PING
        await trio.sleep(after)
        trio.lowlevel.current_clock().jump(600)
        await client.send_bytes(frame(PONG, payload))
    assert (await client.frame())[0] == PING
    assert server.ended == {}


async def test_who_is_silent_is_closed_however_often_the_server_sleeps(server):
    """Its sleep counts for nobody and against nobody: ten seconds of running are left, as always."""
    client = await server.authenticated(polite=False)
    assert (await client.frame())[0] == PING
    began = trio.current_time()
    for _ in range(3):
        await trio.sleep(1.5)
        trio.lowlevel.current_clock().jump(100)
    opcode, payload = await client.frame()
    assert (opcode, payload[:2]) == (CLOSE, b"\x03\xf3")
    # Of each second in which it was stopped nothing is counted.
    assert 310 <= trio.current_time() - began <= 314


async def test_a_key_that_came_while_the_server_slept_is_in_time(server):
    """The window to authenticate is counted the same way, and so is the one for the request."""
    waiting = await server.upgraded()
    await waiting.message()
    silent = await server.upgraded()
    await silent.message()
    slow = server.connect()
    await slow.send_bytes(request()[:-1])
    await trio.sleep(5)
    trio.lowlevel.current_clock().jump(600)
    await slow.send_bytes(request()[-1:])
    await waiting.send({"type": "auth", "apiKey": KEY})
    assert (await waiting.message())["success"]
    assert (await slow.head())[0] == 101
    began = trio.current_time()
    assert (await silent.rest())[1] == 1008
    assert trio.current_time() - began == pytest.approx(25, abs=1.5)
