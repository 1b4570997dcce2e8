"""Requests whose end two readers could see in different places: refused, the first and every later one."""

import pytest
import trio
from asking import answer, ask, head

BODY = b'{"symbol":"EURUSD","action":0,"volume":1}'
LENGTH = f"Content-Length: {len(BODY)}\r\n".encode()
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"0\r\n\r\n"

AMBIGUOUS = {
    "both": LENGTH + CHUNKED,
    "both, the other way": CHUNKED + LENGTH,
    "length twice": LENGTH + LENGTH,
    "lengths that differ": LENGTH + b"Content-Length: 0\r\n",
    "lengths in one line": b"Content-Length: 5, 5\r\n",
    "length with a sign": b"Content-Length: +5\r\n",
    "length in hexadecimal": b"Content-Length: 0x5\r\n",
    "no length": b"Content-Length: \r\n",
    "coding twice": CHUNKED + CHUNKED,
    "a coding that nobody knows": b"Transfer-Encoding: xchunked\r\n",
    "folded": b"X-A: 1\r\n Content-Length: 5\r\n",
    "folded by a tab": b"Content-Length:\r\n\t5\r\n",
    "a bare carriage return": b"X-A: 1\rContent-Length: 5\r\n",
    "a space before the colon": b"Content-Length : 5\r\n",
    "a tab before the colon": b"Transfer-Encoding\t: chunked\r\n",
    "a space before the name": b" Content-Length: 5\r\n",
    "two hosts": b"Host: other\r\n",
}


@pytest.mark.parametrize("later", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("fields", AMBIGUOUS.values(), ids=AMBIGUOUS)
async def test_a_request_that_can_be_read_in_two_ways_is_refused(server, fields, later):
    """By an answer of its own and the end; what follows is nobody's request."""
    client = server.connect()
    if later:
        assert (await ask(client, "/healthz"))[0] == 200
    smuggled = head("/healthz")
    await client.send_bytes(
        b"POST /api/trade HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n" + CHUNKS + smuggled
    )
    status, headers = await client.head()
    assert status in {400, 501}
    assert headers["connection"] == "close"
    with trio.fail_after(10):
        rest = bytes(client._buffer)
        client._buffer.clear()
        while not await client.at_end():
            pass
    assert b"HTTP/1.1" not in rest


@pytest.mark.parametrize("fields", [LENGTH + CHUNKED, b"X-A: 1\r\n folded\r\n", b"Content-Length: 0\r\n" * 2])
async def test_a_handshake_is_held_to_the_same(server, fields):
    """A WebSocket begins where everybody thinks that the request ends."""
    client = server.connect()
    await client.send_bytes(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + fields + b"\r\n"
    )
    assert (await client.answer())[0] == 400


async def test_one_length_and_one_coding_are_fine(server):
    """Alone, in either case of letters, with spaces around the value."""
    client = server.connect()
    for fields, body in (
        (b"content-length: \t41 \r\n", BODY),
        (b"TRANSFER-ENCODING: Chunked\r\n", b"29\r\n" + BODY + b"\r\n" + CHUNKS),
    ):
        await client.send_bytes(b"POST /api/trade HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n" + body)
        assert (await answer(client))[0] == 401
