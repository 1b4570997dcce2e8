"""What is answered before the handshake, by HTTP, in JSON, and in time."""

import pytest
import trio
from clients import KEY, NONCE, frame, request

from feed import Limits, Settings
from feed.dialects.contract import HandshakeRefusal
from feed.dialects.discovery import dialects

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
TLS_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(180)


async def refused(server, data):
    client = server.connect()
    await client.send_bytes(data)
    status, headers, body = await client.answer()
    assert headers["content-type"] == "application/json"
    assert body["error"]["status"] == status
    return status, headers, body["error"]["message"]


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 426, "WebSocket"),
        (b"GET /tradyn HTTP/1.1\r\nHost: x\r\n\r\n", 426, "WebSocket"),
        (b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", 426, "WebSocket"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 426, "WebSocket"),
        (b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, "/tradyn"),
        (request("/nowhere"), 404, "/tradyn"),
        (request("http://[/"), 400, "target"),
        (request("//["), 400, "target"),
        (request(method="POST"), 405, "GET"),
        (request(version="HTTP/1.0"), 400, "HTTP/1.1"),
        (request(leave_out=["Sec-WebSocket-Version"]), 426, "version 13"),
        (request(Sec_WebSocket_Version="8"), 426, "version 13"),
        (request(leave_out=["Sec-WebSocket-Key"]), 400, "Sec-WebSocket-Key"),
        (request(Sec_WebSocket_Key="short"), 400, "Sec-WebSocket-Key"),
        (request(Sec_WebSocket_Key="*" * 24), 400, "Sec-WebSocket-Key"),
        (request(Connection="keep-alive"), 400, "Connection"),
        (request(leave_out=["Host"]), 400, "Host"),
        (request(Content_Length="1\r\nContent-Length: 2"), 400, "more than one Content-Length"),
        (request(Content_Length="-1"), 400, "Content-Length"),
        (request(Sec_WebSocket_Protocol="caf\xe9"), 400, "ASCII"),
        (request() + frame(1, b"{}"), 400, "follow"),
        (b"hello\r\n\r\n", 400, "Bad request"),
        (TLS_HELLO, 400, "TLS"),
        (PREFACE, 505, "HTTP/1.1"),
    ],
)
async def test_what_is_no_handshake_is_answered(server, data, status, words):
    """A status and one sentence that says what to do, then the end."""
    got, _, message = await refused(server, data)
    assert (got, words in message) == (status, True), message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"GET /?key={KEY} now HTTP/1.1", "Bad request: illegal request line"),
        (f"GET / HTTP/1.1\r\nX-API-Key : {KEY}", "Bad request: illegal header line"),
        (f"GET / HTTP/1.1\r\nX-API-Key {KEY}", "Bad request: illegal header line"),
        (f"GET / HTTP/1.1\r\n {KEY}", "Bad request: continuation line"),
        (f"GET http://[{KEY} HTTP/1.1\r\nHost: x", "Bad request: the target is no URL"),
    ],
)
async def test_what_is_wrong_is_not_shown_back(server, line, words):
    """A key that stands in the wrong place of a request stands in no answer."""
    _, _, message = await refused(server, f"{line}\r\n\r\n".encode())
    assert message == words


async def test_an_unknown_path_names_every_protocol(server):
    """With its paths, for programs; whether a WebSocket is asked for or not."""
    for data in (request("/nowhere"), b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
        client = server.connect()
        await client.send_bytes(data)
        status, _, body = await client.answer()
        assert (status, list(body["protocols"])) == (404, list(dialects()))
        for name, dialect in dialects().items():
            assert body["protocols"][name][: 1 + len(dialect.aliases)] == [dialect.path, *dialect.aliases]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "xn--\xff"},
        {"Host": "xn--zzzz99999999"},
        {"Connection": "upgrade, \xff"},
        {"Upgrade": "h2c, WebSocket"},
        {"Sec_WebSocket_Protocol": "a, b"},
        {"Sec_WebSocket_Extensions": "permessage-deflate; client_max_window_bits"},
        {"Transfer_Encoding": "chunked"},
        {"Cookie": "\xe9" * 1000},
    ],
)
async def test_odd_headers_do_not_keep_a_client_out(server, headers):
    """What the handshake does not depend on cannot break it."""
    client = server.connect()
    status, answer = await client.upgrade(**headers)
    assert status == 101
    assert "sec-websocket-extensions" not in answer
    assert (await client.message())["type"] == "welcome"


async def test_the_upgrade_is_what_426_asks_for(server):
    """The header says it to programs: Upgrade for plain HTTP, the version for an old WebSocket."""
    _, headers, _ = await refused(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert headers["upgrade"] == "websocket"
    _, headers, _ = await refused(server, request(Sec_WebSocket_Version="8"))
    assert headers["sec-websocket-version"] == "13"


async def test_a_handshake_that_dribbles_is_cut_at_ten_seconds(server):
    """A byte a second: 408, ten seconds after the first."""
    client = server.connect()
    opened = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_dribble, client, request())
        status, _, _ = await client.answer()
        nursery.cancel_scope.cancel()
    assert (status, trio.current_time() - opened) == (408, pytest.approx(10, abs=1e-6))
    assert server.ended == {}


async def test_a_handshake_that_dribbles_fast_enough_is_served(server):
    """Split into single bytes, but in time."""
    client = server.connect()
    for byte in request():
        await trio.sleep(0.01)
        await client.send_bytes(bytes((byte,)))
    status, _ = await client.head()
    assert status == 101


async def test_a_silent_connection_is_dropped(server):
    """Nothing at all for ten seconds: 408 and the end."""
    client = server.connect()
    status, _, _ = await client.answer()
    assert status == 408


@pytest.mark.parametrize("chunk", [100, 17_000, 100_000])
async def test_a_head_over_sixteen_kib_is_refused(server, chunk):
    """431, in whatever pieces it comes."""
    data = request(Cookie="x" * 17 * 1024)
    client = server.connect()
    for start in range(0, len(data), chunk):
        await client.send_bytes(data[start : start + chunk])
    status, _, _ = await client.answer()
    assert status == 431


async def test_a_head_without_end_is_refused(server):
    """431 comes while it is still being sent."""
    client = server.connect()
    await client.send_bytes(b"GET / HTTP/1.1\r\nCookie: " + b"x" * 20_000)
    assert (await client.answer())[0] == 431


async def test_a_client_that_goes_away_is_forgotten(server):
    """At any point of the handshake, in whatever way."""
    for data in (b"", b"GET / HT", request()[:-1], request()):
        for end in ("close", "reset"):
            client = server.connect()
            await client.send_bytes(data)
            if end == "close":
                await client.stream.aclose()
            else:
                client.stream.reset()
    await trio.sleep(50)
    assert server.left == (0, 0, 0)
    assert server.listener._open == {}


async def test_a_client_that_does_not_read_the_answer_is_dropped(server):
    """The handshake has ten seconds in all, both ways; it was never open, and counts as no connection."""
    client = server.connect(capacity=20)
    opened = trio.current_time()
    await client.send_bytes(request())
    await trio.sleep(9.9)
    assert server.listener._open == {"127.0.0.1": 1}
    await trio.sleep(0.2)
    assert server.listener._open == {}
    assert trio.current_time() - opened == pytest.approx(10.1)
    assert server.ended == {}


async def test_a_refusal_reaches_a_client_that_reads_little_by_little(server):
    """Whole, through a lane of twenty bytes."""
    client = server.connect(capacity=20)
    await client.send_bytes(request("/nowhere"))
    status, _, body = await client.answer()
    assert (status, body["error"]["status"]) == (404, 404)


async def test_a_refused_client_may_vanish(server):
    """Before it has read its answer: nobody minds."""
    client = server.connect(capacity=20)
    await client.send_bytes(request("/nowhere"))
    await trio.sleep(1)
    client.stream.reset()
    await trio.sleep(0.1)
    assert server.listener._open == {}


async def test_a_full_server_turns_away(open_server):
    """503 with Retry-After; a place that falls free is given to the next one."""
    async with open_server(Settings(limits=Limits(connections=2))) as server:
        first = await server.upgraded(peer="10.0.0.1")
        await server.upgraded(peer="10.0.0.2")
        late = server.connect(peer="10.0.0.3")
        status, headers, _ = await late.answer()
        assert (status, headers["retry-after"]) == (503, "5")
        await late.stream.aclose()
        await first.stream.aclose()
        await trio.sleep(1)
        await server.upgraded(peer="10.0.0.3")


async def test_one_address_cannot_take_every_place(open_server):
    """429 for the one that has too many; others come in."""
    async with open_server(Settings(limits=Limits(connections_per_address=2))) as server:
        for _ in range(2):
            await server.upgraded(peer="10.0.0.1")
        status, headers, _ = await server.connect(peer="10.0.0.1").answer()
        assert (status, headers["retry-after"]) == (429, "5")
        await server.upgraded(peer="10.0.0.2")


async def test_who_is_turned_away_takes_no_place(open_server):
    """One address that keeps knocking does not fill the server for the others."""
    async with open_server(Settings(limits=Limits(connections=3, connections_per_address=2))) as server:
        for _ in range(2):
            await server.upgraded(peer="10.0.0.1")
        for _ in range(5):
            assert (await server.connect(peer="10.0.0.1").head())[0] == 429
        await server.upgraded(peer="10.0.0.2")
        assert (await server.connect(peer="10.0.0.3").head())[0] == 503


async def test_a_refused_client_that_does_not_leave_is_dropped(open_server):
    """Two seconds after the answer, whatever it still sends."""
    async with open_server(Settings(limits=Limits(connections=1))) as server:
        await server.upgraded()
        client = server.connect()
        await client.head()
        await trio.sleep(1.9)
        await client.send_bytes(b"still here")
        await trio.sleep(0.2)
        with pytest.raises(trio.BrokenResourceError):
            await client.send_bytes(b"and now?")


async def test_a_dialect_may_refuse_in_its_own_words(server, monkeypatch):
    """Its status and its JSON, untouched, in place of the handshake."""

    class Refusing:
        name, title, path, aliases, root_query, trades = "no", "No", "/no", (), None, False
        prefixed = False

        def session(self, opening, session_context):
            return HandshakeRefusal(401, '{"ok":false,"path":"' + opening.path + '"}')

    monkeypatch.setitem(dialects(), "no", Refusing())
    client = server.connect()
    await client.send_bytes(request("/no"))
    status, _, body = await client.answer()
    assert (status, body) == (401, {"ok": False, "path": "/no"})


async def test_the_key_of_a_handshake_is_answered(server):
    """The accept token of RFC 6455, section 4.2.2, for a key of sixteen zero bytes."""
    assert NONCE == "AAAAAAAAAAAAAAAAAAAAAA=="
    _, headers = await server.connect().upgrade()
    assert headers["sec-websocket-accept"] == "ICX+Yqv66kxgM0FcWaLWlFLwTAI="


async def test_a_query_does_not_matter_to_the_tick_server(server):
    """It takes ``/`` with whatever query nobody else claims, and its own path."""
    for path in ("/", "/?a=b", "/tradyn", "/tradyn?x"):
        client = await server.upgraded(path)
        await client.send({"type": "auth", "apiKey": KEY})
        assert [message["type"] for message in await client.messages(2)] == ["welcome", "auth"]


async def _dribble(client, data):
    for byte in data:
        await client.send_bytes(bytes((byte,)))
        await trio.sleep(1)
