"""A ping every thirty seconds, ten to answer it, and no other test of whether a client lives."""

import pytest
import trio
from clients import CLOSE, PING, PONG, TEXT, frame
from scripts import quote


async def test_a_client_that_never_answers_is_closed_at_forty_seconds(house):
    """The first ping comes at 30 s; 10 s later the close code is 1011."""
    client = await house.authenticated(polite=False)
    opened = trio.current_time()
    opcode, _ = await client.frame()
    assert (opcode, trio.current_time() - opened) == (PING, pytest.approx(30, abs=1e-6))
    opcode, payload = await client.frame()
    assert (opcode, payload) == (CLOSE, b"\x03\xf3No answer to ping")
    assert trio.current_time() - opened == pytest.approx(40, abs=1e-6)
    assert await client.at_end()
    assert house.ended == {"ping timeout": 1}


async def test_a_pong_in_the_last_moment_counts(house):
    """9.999 s after the ping is in time."""
    client = await house.authenticated(polite=False)
    opcode, payload = await client.frame()
    assert opcode == PING
    await trio.sleep(9.999)
    await client.send_bytes(frame(PONG, payload))
    opcode, _ = await client.frame()
    assert opcode == PING


async def test_an_answer_to_no_ping_does_not_count(house):
    """A pong with another payload is no sign of having read the ping."""
    client = await house.authenticated(polite=False)
    await client.frame()
    await client.send_bytes(frame(PONG, b"hello"))
    opcode, payload = await client.frame()
    assert (opcode, payload[:2]) == (CLOSE, b"\x03\xf3")


async def test_messages_do_not_stand_in_for_a_pong(house):
    """A client that talks but never answers a ping is closed all the same."""
    client = await house.authenticated(polite=False)
    opened = trio.current_time()
    for second in range(5, 40, 5):
        await trio.sleep_until(opened + second)
        await client.send({"type": "list"})
    messages, code, _ = await client.rest()
    assert ([message["type"] for message in messages], code) == (["subscriptions"] * 7, 1011)


async def test_a_silent_client_that_answers_pings_stays_for_an_hour(house):
    """Without subscriptions and without a word for an hour: 119 pings, and still served."""
    client = await house.authenticated()
    with trio.move_on_after(3599):
        await client.text()
    assert client.pings == 119
    await client.send({"type": "list"})
    assert await client.message() == {"type": "subscriptions", "symbols": [], "totalSubscriptions": 0}
    assert house.ended == {}


async def test_a_ping_overtakes_data_that_waits(house):
    """A client that is far behind still finds the ping in time: at the next frame boundary."""
    client = await house.subscribed("EURUSD", capacity=256, polite=False)
    await client.message()
    for number in range(2000):
        house.script.play(quote(0, 1000 + number))
    await trio.sleep(31)
    seen = [(await client.frame())[0] for _ in range(8)]
    assert seen.count(PING) == 1
    assert set(seen) == {PING, TEXT}


async def test_the_client_may_ping_too(house):
    """Its ping is answered with its payload, ahead of the data it has not read yet."""
    client = await house.subscribed("EURUSD", capacity=256, polite=False)
    await client.message()
    for number in range(500):
        house.script.play(quote(0, 1000 + number))
    await trio.sleep(1)
    await client.send_bytes(frame(PING, b"are you there"))
    frames = [await client.frame() for _ in range(8)]
    assert frames.count((PONG, b"are you there")) == 1


async def test_a_half_open_socket_is_dropped(house):
    """Nobody reads, nobody answers, nobody closes: gone for good 42 s after the handshake."""
    gone = await house.authenticated(polite=False)
    await trio.sleep(39)
    assert house.left[0] == 1
    await trio.sleep(4)
    assert house.left == (0, 0, 0)
    with pytest.raises(trio.BrokenResourceError):
        await gone.send({"type": "list"})
