"""Thirty seconds to present a key, to the millisecond."""

import pytest
import trio
from clients import KEY

from feed import Limits, Settings

AUTH = {"type": "auth", "apiKey": KEY}
TIMEOUT = {"type": "error", "message": "Authentication timeout"}
INVALID = {"type": "error", "message": "Invalid API key"}


async def test_a_key_in_the_last_millisecond_is_in_time(server):
    """At 29.999 s after the handshake the window is still open, and it never closes afterwards."""
    client = await server.upgraded()
    await client.message()
    await trio.sleep(29.999)
    await client.send(AUTH)
    assert (await client.message())["success"]
    await trio.sleep(0.5)
    await client.send({"type": "list"})
    assert (await client.message())["type"] == "subscriptions"


async def test_the_window_closes_at_thirty_seconds(server):
    """A silent client is told why, and closed with 1008, 30 s after the handshake."""
    client = await server.upgraded()
    opened = trio.current_time()
    assert (await client.message())["authTimeout"] == 30
    assert await client.rest() == ([TIMEOUT], 1008, "Authentication timeout")
    assert trio.current_time() - opened == pytest.approx(30, abs=1e-6)
    assert server.ended == {"auth timeout": 1}


async def test_the_window_opens_with_the_end_of_the_handshake(server):
    """Time taken by the handshake is not taken from the window."""
    client = server.connect()
    await trio.sleep(9)
    await client.upgrade()
    opened = trio.current_time()
    await client.message()
    assert (await client.rest())[1] == 1008
    assert trio.current_time() - opened == pytest.approx(30, abs=1e-6)


async def test_other_messages_do_not_extend_the_window(server):
    """Requests and wrong keys every few seconds leave the deadline where it was."""
    client = await server.upgraded()
    opened = trio.current_time()
    await client.message()
    for seconds in range(5, 30, 5):
        await trio.sleep_until(opened + seconds)
        await client.send({"type": "list"} if seconds % 2 else {"type": "auth", "apiKey": "tk_live_no"})
    messages, code, _ = await client.rest()
    assert [message["message"] for message in messages] == [
        "Authentication required",
        "Invalid API key",
        "Authentication required",
        "Invalid API key",
        "Authentication required",
        "Authentication timeout",
    ]
    assert code == 1008
    assert trio.current_time() - opened == pytest.approx(30, abs=1e-6)


async def test_the_fifth_wrong_key_closes(server):
    """Ten are tried in a row; five are answered, then comes 1008, at once."""
    client = await server.upgraded()
    await client.message()
    opened = trio.current_time()
    for number in range(10):
        await client.send({"type": "auth", "apiKey": f"tk_live_{number}"})
    assert await client.rest() == ([INVALID] * 5, 1008, "Too many invalid API keys")
    assert trio.current_time() == pytest.approx(opened, abs=1e-6)
    assert server.ended == {"closed by session": 1}


async def test_the_window_is_a_setting(open_server):
    """Another length is kept, and said in the welcome."""
    async with open_server(Settings(limits=Limits(auth_seconds=2))) as server:
        client = await server.upgraded()
        opened = trio.current_time()
        assert (await client.message())["authTimeout"] == 2
        assert await client.rest() == ([TIMEOUT], 1008, "Authentication timeout")
        assert trio.current_time() - opened == pytest.approx(2, abs=1e-6)
