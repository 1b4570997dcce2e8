"""Compression of messages, for clients that offer it to a server that was told to agree."""

import pytest
import trio
from clients import KEY, RSV1, TEXT, Closed, deflated, frame, inflated
from scripts import quote

from feed import Settings
from feed.server.connection.deflate import agree
from feed.settings import Deflate, Limits
from feed.stream.frames import frame_size

OFFER = "permessage-deflate; client_max_window_bits"
COMPRESSED = Settings(deflate=Deflate(enabled=True, least_bytes=0))


def messages(data):
    """The texts of frames, and how many of them were compressed."""
    texts, packed, at = [], 0, 0
    while at < len(data):
        header, size = frame_size(data, at)
        payload = bytes(data[at + header : at + header + size])
        small = bool(data[at] & RSV1)
        texts.append(inflated(payload) if small else payload)
        packed += small
        at += header + size
    return texts, packed


async def subscriber(server, offer, symbol="EURUSD"):
    client = server.connect()
    _, headers = await client.upgrade("/tradyn?ext=seq", Sec_WebSocket_Extensions=offer)
    assert headers.get("sec-websocket-extensions", "") == agree(offer)
    await client.send({"type": "auth", "apiKey": KEY})
    await client.send({"type": "subscribe", "symbols": [symbol]})
    await client.messages(4)  # welcome, auth, subscribed, the present price
    client.data.clear()
    return client


async def test_compressed_and_plain_say_the_same(open_server):
    """In the same order, on fewer bytes; who offers nothing, or what is declined, gets plain frames."""
    async with open_server(COMPRESSED) as server:
        clients = [await subscriber(server, offer) for offer in (OFFER, "", OFFER, "x; y")]
        for n in range(50):
            server.script.play(quote(0, 200 + n))
            await trio.sleep(0.01)
        for client in clients:
            await client.messages(50)
        small, plain, same, declined = [bytes(client.data) for client in clients]
        assert small == same
        assert plain == declined
        assert messages(small) == (messages(plain)[0], 50)
        assert len(small) < len(plain)


async def test_it_is_not_agreed_to_unless_the_operator_says_so(server):
    """The default: the offer is not answered, and a compressed message is against the protocol."""
    client = server.connect()
    _, headers = await client.upgrade("/tradyn", Sec_WebSocket_Extensions=OFFER)
    assert "sec-websocket-extensions" not in headers
    await client.message()
    await client.send_bytes(frame(TEXT | RSV1, deflated(b"{}")))
    with pytest.raises(Closed) as closed:
        await client.message()
    assert closed.value.code == 1002


async def test_a_message_counts_by_what_it_comes_to(open_server):
    """A few bytes that come to more than a message may have: 1009, and nobody else notices."""
    limits = Limits(message_bytes=1000)
    async with open_server(Settings(limits=limits, deflate=Deflate(enabled=True))) as server:
        other, client = [await subscriber(server, OFFER) for _ in range(2)]
        await client.send_bytes(frame(TEXT | RSV1, deflated(b'{"type":"list"}')))
        assert (await client.message())["totalSubscriptions"] == 1
        await client.send_bytes(frame(TEXT | RSV1, deflated(bytes(10_000_000))))
        with pytest.raises(Closed) as closed:
            await client.message()
        assert closed.value.code == 1009
        server.script.play(quote(0, 300))
        assert (await other.message())["type"] == "tick"


async def test_what_was_missed_is_told_plain_and_the_stream_goes_on_compressed(open_server):
    """A resume joins both; nothing is missing, nothing is told twice."""
    async with open_server(COMPRESSED) as server:
        first = await subscriber(server, "")
        for n in range(20):
            server.script.play(quote(0, 200 + n))
        told = await first.messages(20)
        late = server.connect()
        await late.upgrade("/tradyn?ext=seq", Sec_WebSocket_Extensions=OFFER)
        await late.send({"type": "auth", "apiKey": KEY})
        await late.send({"type": "subscribe", "symbols": ["EURUSD"], "since": told[4]["pos"]})
        await late.messages(3)
        assert await late.messages(15) == told[5:]
        late.data.clear()
        server.script.play(quote(0, 300))
        assert await late.message() == await first.message()
        assert messages(late.data)[1] == 1
