"""HTTP connections: requests one after the other, bodies, and everything that takes too long."""

import inspect
from importlib.metadata import version

import hypercorn.trio.tcp_server
import pytest
import trio
import trio.testing
from asking import API_KEY, BEARER, answer, ask, head
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.utils import wrap_app

from feed import Limits, Settings
from feed.settings import Web

ORDER = b'{"symbol":"EURUSD","action":0,"volume":1}'


def test_hypercorn_is_the_release_that_was_read():
    """What is built on is not promised: another release, or another signature, must be looked at."""
    assert version("hypercorn").startswith("0.18.")
    server = hypercorn.trio.tcp_server.TCPServer
    assert list(inspect.signature(server).parameters) == ["app", "config", "context", "state", "stream"]
    assert list(inspect.signature(wrap_app).parameters) == ["app", "wsgi_max_body_size", "mode"]
    assert list(inspect.signature(WorkerContext).parameters) == ["max_requests"]
    source = inspect.getsource(H11Protocol)
    for used in (".connection.next_event()", "await self._check_protocol(", "def _handle_events(self)"):
        assert source.count(used) == 1


async def test_one_connection_serves_many_requests(server):
    """Keep-alive, and requests that come before the answer to the last."""
    client = server.connect()
    for _ in range(3):
        assert (await ask(client, "/healthz"))[::2] == (200, {"status": "ok"})
    await client.send_bytes(head("/healthz") + head("/readyz"))
    assert (await answer(client))[2] == {"status": "ok"}
    assert (await answer(client))[2] == {"status": "ready", "seq": 3, "state": "running"}


async def test_a_client_may_end_the_connection_with_its_request(server):
    """``Connection: close``, and a client of HTTP/1.0."""
    for data in (head("/healthz", Connection="close"), b"GET /healthz HTTP/1.0\r\n\r\n"):
        client = server.connect()
        await client.send_bytes(data)
        assert (await answer(client))[2] == {"status": "ok"}
        assert await client.at_end()


async def test_head_is_get_without_the_body(server):
    """Same headers."""
    client = server.connect()
    status, headers, content = await ask(client, "/healthz", method="HEAD")
    assert (status, headers["content-length"], content) == (200, "15", b"")


@pytest.mark.parametrize("data", [b"", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
async def test_an_offer_of_http_2_is_passed_over(server, data):
    """On the first request and on a later one; a preface in the middle is one more bad request."""
    client = server.connect()
    offer = {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2_Settings": "AAMAAABkAAQAAP__"}
    for _ in range(2):
        assert (await ask(client, "/healthz", **offer))[::2] == (200, {"status": "ok"})
    if data:
        await client.send_bytes(data)
        assert (await client.head())[0] in {400, 404, 405}


@pytest.mark.parametrize("size", [1, 7, 100])
async def test_a_body_may_come_in_pieces(server, size):
    """Of any size, with its length announced or chunked."""
    announced = head("/api/trade", method="POST", Content_Length=str(len(ORDER)), **BEARER) + ORDER
    chunked = head("/api/trade", method="POST", Transfer_Encoding="chunked", **BEARER)
    chunked += b"".join(b"1\r\n%c\r\n" % byte for byte in ORDER) + b"0\r\n\r\n"
    client = server.connect()
    for data in (announced, chunked):
        for start in range(0, len(data), size):
            await client.send_bytes(data[start : start + size])
        assert (await answer(client))[::2] == (
            503,
            {"success": False, "error": "Not connected to trading server"},
        )


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_long_is_refused(server, chunked):
    """413 while it is still being sent, and the end."""
    length = {"Transfer_Encoding": "chunked"} if chunked else {"Content_Length": "10000000"}
    client = server.connect()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_pour, client, head("/api/trade", method="POST", **length, **BEARER), chunked)
        status, headers, body = await answer(client)
        nursery.cancel_scope.cancel()
    assert (status, headers["connection"]) == (413, "close")
    assert body == {"success": False, "error": "The body is longer than 65536 bytes"}


async def _pour(client, start, chunked):
    await client.send_bytes(start)
    while True:
        await client.send_bytes(b"1000\r\n" + bytes(0x1000) + b"\r\n" if chunked else bytes(0x1000))


async def test_a_body_that_dribbles_is_cut_at_ten_seconds(server):
    """A byte a second: 408, and the end soon after."""
    client = server.connect()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_dribble, client, head("/api/trade", method="POST", Content_Length="41", **BEARER))
        started = trio.current_time()
        status, _, body = await answer(client)
        assert (status, body["error"]["code"]) == (408, "timeout")
        assert trio.current_time() - started == pytest.approx(10, abs=1e-6)
        nursery.cancel_scope.cancel()
    await _is_forgotten(server, 3)


async def _dribble(client, start):
    await client.send_bytes(start)
    for byte in ORDER:
        await client.send_bytes(bytes((byte,)))
        await trio.sleep(1)


async def test_an_answer_that_is_there_is_sent_however_late(server, monkeypatch):
    """The time for the request runs out while a busy server makes the answer: it is whole all the same."""

    def answered_late(self):
        trio.lowlevel.current_clock().jump(10.5)
        return []

    monkeypatch.setattr("feed.server.storage.Storage.problems", answered_late)
    client = server.connect()
    assert (await ask(client, "/healthz"))[::2] == (200, {"status": "ok"})


async def test_a_client_that_takes_no_answer_is_dropped(server):
    """It asks for more than fits on the way, and reads nothing: gone after twelve seconds."""
    client = server.connect(capacity=1024)
    await client.send_bytes(head("/openapi.json"))
    await trio.sleep(11.9)
    assert server.listener._open
    await _is_forgotten(server, 0.2)


async def test_a_connection_that_asks_for_nothing_more_is_closed(server):
    """In order, fifteen seconds after its last answer; half a head does not keep it open."""
    for rest in (b"", b"GET /heal"):
        client = server.connect()
        await ask(client, "/healthz")
        answered = trio.current_time()
        await client.send_bytes(rest)
        assert await client.at_end()
        assert trio.current_time() - answered == pytest.approx(15, abs=1e-6)
        await client.stream.aclose()
    await _is_forgotten(server, 3)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (head("/healthz", Cookie="x" * 17_000), 431),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (head("/healthz", Content_Length="-1"), 400),
        (head("/healthz", Transfer_Encoding="gzip"), 501),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        (b"hello\r\n\r\n", 400),
    ],
)
async def test_a_bad_head_ends_the_connection(server, data, status):
    """The first and any later one, with the same status."""
    for begin in (False, True):
        client = server.connect()
        if begin:
            await ask(client, "/healthz")
        await client.send_bytes(data)
        assert (await client.head())[0] == status
        while await client._more():
            pass


async def test_a_connection_that_asks_by_http_takes_a_place(open_server):
    """It counts as any other, as long as it is open."""
    async with open_server(Settings(limits=Limits(connections=1))) as server:
        first = server.connect()
        await ask(first, "/healthz")
        late = server.connect(peer="10.0.0.2")
        assert (await late.answer())[0] == 503
        await late.stream.aclose()
        await first.stream.aclose()
        await trio.sleep(1)
        assert (await ask(server.connect(), "/healthz"))[0] == 200


async def test_clients_that_vanish_leave_nothing(server):
    """In the middle of whatever."""
    whole = head("/api/trade", method="POST", Content_Length="41", **BEARER) + ORDER
    for cut in (40, len(whole) - 41, len(whole) - 1, len(whole)):
        for reset in (False, True):
            client = server.connect()
            await client.send_bytes(whole[:cut])
            await trio.testing.wait_all_tasks_blocked()
            if reset:
                client.stream.reset()
            else:
                await client.stream.aclose()
    await _is_forgotten(server, 30)


async def test_a_stop_closes_who_waits(server):
    """At once, and in order."""
    client = server.connect()
    await ask(client, "/healthz")
    stopped = trio.current_time()
    await server.context.web.stop()
    assert await client.at_end()
    assert trio.current_time() == stopped


async def test_the_bounds_are_settings(open_server):
    """Seconds and bytes as they are given."""
    async with open_server(Settings(web=Web(body_bytes=10, keep_alive_seconds=3))) as server:
        client = server.connect()
        assert (await ask(client, "/api/trade", method="POST", body=ORDER, **BEARER))[0] == 413
        client = server.connect()
        await ask(client, "/v1/market/book?symbol=EURUSD", **API_KEY)
        asked = trio.current_time()
        assert await client.at_end()
        assert trio.current_time() - asked == pytest.approx(3, abs=1e-6)


async def _is_forgotten(server, seconds):
    await trio.sleep(seconds)
    assert server.listener._open == {}


async def test_a_websocket_may_follow_requests_on_their_connection(server):
    """Programs keep connections, and ask for a WebSocket on one of them: it is as good as a new one."""
    for path in ("/healthz", "/api/nothing"):
        client = server.connect()
        await ask(client, path)
        await ask(client, "/healthz")
        status, _ = await client.upgrade("/")
        assert status == 101
        await client.send({"type": "auth", "apiKey": API_KEY["X-API-Key"]})
        assert [message["type"] for message in await client.messages(2)] == ["welcome", "auth"]
    assert server.ended == {}
    await client.stream.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert server.left == (1, 0, 0)


@pytest.mark.parametrize(
    ("fields", "more", "status", "why"),
    [
        ({"Sec_WebSocket_Version": "12"}, b"", 426, "WebSocket version 13"),
        ({"Sec_WebSocket_Key": "short"}, b"", 400, "Sec-WebSocket-Key"),
        ({"Connection": "keep-alive, Upgrade"}, b"\x81\x00", 400, "Nothing may follow"),
    ],
)
async def test_a_websocket_that_cannot_be_granted_is_refused_after_requests_too(
    server, fields, more, status, why
):
    """As on a new connection, which it ends as well."""
    asked = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **fields,
    }
    client = server.connect()
    await ask(client, "/healthz")
    await client.send_bytes(head("/", **asked) + more)
    found, headers, content = await answer(client)
    assert (found, headers["connection"]) == (status, "close")
    assert why in str(content)
    assert await client.at_end()


async def test_nobody_is_served_where_no_websocket_is(server):
    """A path of requests alone says so, as on a new connection."""
    client = server.connect()
    await ask(client, "/healthz")
    assert (await client.upgrade("/healthz"))[0] == 404
