"""Messages and frames outside the protocol: an answer or a close code, and everybody else is served."""

import json
from contextlib import suppress

import pytest
import structlog
import trio
from clients import BINARY, CLOSE, CONTINUATION, KEY, PING, PONG, TEXT, Closed, frame
from scripts import Script, quote
from trio_websocket import ConnectionClosed, wrap_client_stream

from feed.dialects.contract import Reply, Session, Subscribe
from feed.dialects.discovery import dialects
from feed.model.events import TRADE
from feed.model.topics import Topic
from feed.state.encoder import Encoder

CLEAN = (0, 0, 0)


@pytest.fixture
async def witness(server):
    """Another client, which must not notice anything."""
    client = await server.subscribed("EURUSD")
    await client.message()
    yield client
    server.script.play(quote(0, 4321))
    assert (await client.message())["bid"] == 0.04321


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("{", "Invalid JSON"),
        ("[" + "{}," * 2000 + "{}]", "Message must be a JSON object"),
        ('{"type":"list","x":[' + "{}," * 2000 + "{}]}", "Message has more than 1000 parts; send several"),
        ('{"type":"list","x":[' + "{}," * 2000 + "{}}", "Invalid JSON"),
        ("", "Invalid JSON"),
        ("[" * 60_000, "Invalid JSON"),
        ("[]", "Message must be a JSON object"),
        ("1", "Message must be a JSON object"),
        ("{}", "Missing or invalid field: type"),
        ('{"type":"buy"}', "Unknown message type: buy"),
        ('{"type":"subscribe"}', "Missing field in subscribe: symbol or symbols"),
        ('{"type":"subscribe","symbol":7}', "Invalid field in subscribe: symbol must be a string"),
        ('{"type":"subscribe","symbol":"NONE"}', "Unknown symbol(s): NONE"),
    ],
)
async def test_a_message_outside_the_protocol_is_answered(server, witness, text, answer):
    """An error in words, and the connection stays."""
    client = await server.authenticated()
    await client.send(text)
    assert await client.message() == {"type": "error", "message": answer}
    await client.send({"type": "list"})
    assert (await client.message())["type"] == "subscriptions"


async def test_a_binary_message_ends_in_1003(server, witness):
    """An error first, then the close code."""
    client = await server.authenticated()
    await client.send_bytes(frame(BINARY, b'{"type":"list"}'))
    error = {"type": "error", "message": "Binary messages are not supported"}
    assert await client.rest() == ([error], 1003, "Binary messages are not supported")
    assert server.ended == {"binary message": 1}


@pytest.mark.parametrize("size", [64 * 1024 + 1, 65 * 1024, 1024 * 1024])
async def test_a_message_too_big_ends_in_1009(server, witness, size):
    """However much of it is still on its way, the close code is not lost to a reset."""
    client = await server.authenticated(polite=False)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.send_bytes, frame(TEXT, b"x" * size))
        opcode, payload = await client.frame()
    assert (opcode, payload[:2]) == (CLOSE, (1009).to_bytes(2, "big"))
    assert await client.at_end()
    assert server.ended == {"message too big": 1}


@pytest.mark.parametrize(
    "header",
    [
        b"\x81\xff" + (1 << 62).to_bytes(8, "big"),
        b"\x82\xff" + (64 * 1024 + 1).to_bytes(8, "big"),
        frame(TEXT, b"x" * 1000, fin=False) + b"\x80\xff" + (64 * 1024 - 999).to_bytes(8, "big"),
    ],
)
async def test_a_frame_that_announces_too_much_ends_in_1009_at_once(server, witness, header):
    """Nothing of the payload need come, and no time passes."""
    client = await server.authenticated()
    began = trio.current_time()
    await client.send_bytes(header)
    assert await client.rest() == ([], 1009, "Message too big")
    assert trio.current_time() - began < 0.001
    assert server.ended == {"message too big": 1}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(BINARY, b"?"), 1003),
        (frame(TEXT, b"x" * 64 * 1024) + frame(TEXT, b"x" * 65 * 1024), 1009),
        (b"\x81\xff" + (1 << 62).to_bytes(8, "big"), 1009),
        (frame(CLOSE, (1000).to_bytes(2, "big")), 1000),
        (frame(3, b""), 1002),
    ],
)
@pytest.mark.parametrize("spread", [False, True])
async def test_pings_behind_an_ending_are_passed_over(server, witness, data, code, spread):
    """In the write that brings the ending about, or later: no bug is logged, and the close code comes."""
    pings = frame(PING, b"?") * 20
    with structlog.testing.capture_logs() as logs:
        clients = [await server.authenticated() for _ in range(20)]
        for client in clients:
            await client.send_bytes(data + pings)
            for _ in range(10 * spread):
                await trio.lowlevel.checkpoint()
                await client.send_bytes(pings)
        for client in clients:
            assert (await client.rest())[1] == code
        await trio.sleep(3)
    assert [line for line in logs if line["log_level"] in {"error", "warning"}] == []
    assert "internal error" not in server.ended


@pytest.mark.parametrize("text", ["x" * 64 * 1024, "€" * (64 * 1024 // 3)])
async def test_the_biggest_message_is_read(server, text):
    """64 KiB are taken whole."""
    client = await server.authenticated()
    await client.send(text)
    assert await client.message() == {"type": "error", "message": "Invalid JSON"}


async def test_the_size_of_a_message_is_counted_in_bytes(server):
    """Characters of three bytes are three bytes each."""
    client = await server.authenticated()
    await client.send("€" * 40_000)
    _, code, _ = await client.rest()
    assert code == 1009
    assert server.ended == {"message too big": 1}


@pytest.mark.parametrize(
    ("data", "code", "why"),
    [
        (frame(TEXT, b"\xff\xfe"), 1007, "invalid text"),
        (frame(TEXT, "€".encode()[:2]), 1007, "invalid text"),
        (frame(CLOSE, b"\x03\xe8\xff"), 1007, "invalid text"),
        (b"\x81\x02hi", 1002, "protocol error"),  # not masked
        (frame(0x3, b"?"), 1002, "protocol error"),
        (frame(CONTINUATION, b"?"), 1002, "protocol error"),
        (frame(CLOSE, b"?"), 1002, "protocol error"),
        (frame(CLOSE, (1005).to_bytes(2, "big")), 1002, "protocol error"),
    ],
)
async def test_a_malformed_frame_gets_its_close_code(server, witness, data, code, why):
    """The client hears 1007 or 1002; it is not just dropped."""
    client = await server.authenticated()
    await client.send_bytes(data)
    messages, got, _ = await client.rest()
    assert (messages, got) == ([], code)
    assert server.ended == {why: 1}


async def test_a_client_may_close_with_any_code(server):
    """Its own 1002 is echoed once, and is no protocol error of its making."""
    client = await server.authenticated(polite=False)
    await client.send_bytes(frame(CLOSE, (1002).to_bytes(2, "big")))
    assert await client.frame() == (CLOSE, (1002).to_bytes(2, "big"))
    assert await client.at_end()
    assert server.ended == {"closed by client": 1}


async def test_a_fragment_that_is_never_finished_harms_nobody(server):
    """It is kept as long as its client lives, which the heartbeat decides."""
    client = await server.authenticated()
    await client.send_bytes(frame(TEXT, b'{"type":', fin=False))
    with trio.move_on_after(100):
        await client.text()
    assert client.pings == 3
    await client.send_bytes(frame(CONTINUATION, b'"list"}'))
    assert (await client.message())["type"] == "subscriptions"


async def test_fragments_without_end_are_too_big(server, witness):
    """Pieces add up to the bound of one message."""
    client = await server.authenticated()
    await client.send_bytes(frame(TEXT, b"x", fin=False))
    for _ in range(100):
        await client.send_bytes(frame(CONTINUATION, b"x" * 1000, fin=False))
    assert (await client.rest())[1] == 1009
    assert server.ended == {"message too big": 1}


@pytest.mark.parametrize("start", [b"\x81", b"\x81\xfe\x10", frame(TEXT, b"x" * 300)[:100]])
@pytest.mark.parametrize("how", ["end", "reset"])
async def test_an_end_in_mid_frame_is_an_end(server, witness, start, how):
    """Half a frame and then nothing: the connection is over, and forgotten."""
    client = await server.subscribed("GBPUSD")
    await client.send_bytes(start)
    if how == "end":
        await client.stream.aclose()
    else:
        client.stream.reset()
    await trio.sleep(3)
    assert server.ended == {"closed by client": 1}
    assert server.left == (1, 1, 1)


async def test_messages_without_end_are_too_many(server):
    """More than the burst is read at the rate that is allowed; who goes on for half a minute is closed."""
    client = await server.authenticated()
    await trio.sleep(10)
    begun = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(flood, client, {"type": "list"})
        messages, code, reason = await client.rest()
        nursery.cancel_scope.cancel()
    assert 30 <= trio.current_time() - begun < 33
    assert [message["type"] for message in messages] == ["subscriptions"] * (len(messages) - 1) + ["error"]
    assert 3450 <= len(messages) <= 3550
    assert messages[-1] == {"type": "error", "message": "Too many messages"}
    assert (code, reason) == (1008, "Too many messages")
    assert server.ended == {"too many messages": 1}


async def flood(client, message):
    with suppress(trio.BrokenResourceError):
        while True:
            await client.send(message)


async def test_a_hundred_messages_a_second_are_fine_for_ever(server):
    """A minute of them: every one is answered."""
    client = await server.authenticated()
    for _ in range(60):
        await trio.sleep(1)
        for _ in range(100):
            await client.send({"type": "list"})
            assert (await client.message())["type"] == "subscriptions"


async def test_a_thousand_symbols_in_one_request(server):
    """The listed ones are confirmed, the others complained about, in a message of modest length."""
    client = await server.authenticated()
    symbols = [f"X{number}" for number in range(9_997)]
    request = json.dumps({"type": "subscribe", "symbols": [*symbols, "EURUSD"]}, separators=(",", ":"))
    assert len(request) > 64 * 1024
    await client.send(request)
    assert (await client.rest())[1] == 1009

    client = await server.authenticated()
    await client.send({"type": "subscribe", "symbols": ["EURUSD", *["Y"] * 990]})
    confirmed, complaint, tick = await client.messages(3)
    assert confirmed == {"type": "subscribed", "symbols": ["EURUSD"], "totalSubscriptions": 1}
    assert complaint == {"type": "error", "message": "Unknown symbol(s): Y"}
    assert tick["symbol"] == "EURUSD"
    await client.send({"type": "subscribe", "symbols": ["EURUSD", *["Y"] * 1000]})
    error = {"type": "error", "message": "Message has more than 1000 parts; send several"}
    assert await client.message() == error


class Faulty(Session):
    """A dialect with a bug in whatever its path's query names."""

    name, title, path, aliases, root_query, trades = "faulty", "Faulty", "/faulty", (), None, False
    prefixed = False
    authenticated = True

    def __init__(self, where=""):
        self._where = where
        self.beat_seconds = 1 if where == "beat" else 0

    def _trip(self, where):
        if self._where == where:
            raise RuntimeError(f"a bug in {where}")

    def session(self, opening, session_context):
        faulty = Faulty(opening.query["bug"])
        faulty._trip("session")
        return faulty

    def open(self):
        self._trip("open")
        return [Reply("hello")]

    def receive(self, text):
        self._trip("receive")
        return [] if self._where == "beat" else [Subscribe((Topic("faulty", "tick", 0),))]

    def on_timer(self):
        self._trip("beat")

    def wording(self, fault):
        self._trip("wording")

    def encoder(self, topic, instrument, market_state, projections):
        if self._where != "event":
            raise RuntimeError("a bug in the encoder")
        return FaultyEncoder()


class FaultyEncoder(Encoder):
    """Fails at the first trade."""

    kinds = (TRADE,)

    def encode(self, item):
        raise RuntimeError("a bug in the encoder")


@pytest.mark.parametrize(
    ("bug", "handshake"), [("open", []), ("receive", ["hello"]), ("encoder", ["hello"]), ("beat", ["hello"])]
)
async def test_a_bug_in_a_session_closes_that_connection(server, witness, monkeypatch, bug, handshake):
    """It ends with 1011, is counted, and is logged with its traceback; nobody else notices."""
    monkeypatch.setitem(dialects(), "faulty", Faulty())
    with structlog.testing.capture_logs() as logs:
        client = await server.upgraded(f"/faulty?bug={bug}")
        await client.send("anything")
        texts = [await client.text() for _ in handshake]
        with pytest.raises(Closed) as closed:
            await client.text()
    assert (texts, closed.value.code) == (handshake, 1011)
    assert server.ended == {"internal error": 1}
    [line] = [line for line in logs if line["log_level"] == "error"]
    assert line["event"] == "bug in a session"
    assert line["exc_info"]


async def test_a_bug_in_an_encoder_closes_the_connections_that_it_speaks_to(server, witness, monkeypatch):
    """The market goes on for everybody else, and nobody is left in the dark."""
    monkeypatch.setitem(dialects(), "faulty", Faulty("event"))
    with structlog.testing.capture_logs() as logs:
        clients = [await server.upgraded("/faulty?bug=event") for _ in range(2)]
        for client in clients:
            await client.send("anything")
            assert await client.text() == "hello"
        await trio.testing.wait_all_tasks_blocked()
        server.script.play((TRADE, 0, 1, 1, 0, 100, 1, 1, 2, 0, 0))
        for client in clients:
            with pytest.raises(Closed) as closed:
                await client.text()
            assert closed.value.code == 1011
    assert server.ended == {"internal error": 2}
    [line] = [line for line in logs if line["log_level"] == "error"]
    assert (line["event"], line["dialect"], line["channel"]) == ("bug in an encoder", "faulty", "tick")
    assert str(line["exc_info"]) == "a bug in the encoder"


async def test_a_bug_in_the_last_words_drops_that_connection(server, witness, monkeypatch):
    """There is nothing sensible left to say: logged, and over."""
    monkeypatch.setitem(dialects(), "faulty", Faulty())
    with structlog.testing.capture_logs() as logs:
        client = await server.upgraded("/faulty?bug=wording")
        await client.send_bytes(frame(BINARY, b"?"))
        assert await client.text() == "hello"
        with pytest.raises(Closed) as closed:
            await client.text()
    assert closed.value.code == 0
    assert server.ended == {"binary message": 1}
    assert [line["event"] for line in logs if line.get("exc_info")] == ["bug in a connection"]


async def test_a_bug_before_the_handshake_is_answered_by_http(server, witness, monkeypatch):
    """A dialect that cannot even open a session: 500, logged, and the server lives."""
    monkeypatch.setitem(dialects(), "faulty", Faulty())
    client = server.connect()
    with structlog.testing.capture_logs() as logs:
        await client.send_bytes(b"")
        status, _ = await client.upgrade("/faulty?bug=session")
    assert status == 500
    assert [line["event"] for line in logs if line.get("exc_info")] == ["bug at the door"]


async def test_pongs_that_nobody_asked_for_are_passed_over(server):
    """RFC 6455 allows them, as a heartbeat of the client's own."""
    client = await server.authenticated()
    await client.send_bytes(frame(PONG, b"here I am") * 500)
    await client.send({"type": "list"})
    assert (await client.message())["type"] == "subscriptions"


async def test_a_client_library_of_others_agrees(open_server):
    """trio-websocket's own client, from the handshake to the close code."""
    async with open_server(script=Script()) as server, trio.open_nursery() as nursery:
        socket = await wrap_client_stream(nursery, server.connect().stream, "feed.test", "/")
        assert json.loads(await socket.get_message())["type"] == "welcome"
        await socket.send_message(json.dumps({"type": "auth", "apiKey": KEY}))
        assert json.loads(await socket.get_message())["success"]
        await socket.send_message(b"binary")
        assert json.loads(await socket.get_message())["type"] == "error"
        with pytest.raises(ConnectionClosed) as closed:
            await socket.get_message()
        assert closed.value.reason.code == 1003
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()


async def test_a_message_in_endless_pieces_ends_in_1008(server, witness):
    """Empty frames cost the sender nothing, and so they are counted."""
    client = await server.authenticated()
    await client.send_bytes(frame(TEXT, b"", fin=False))
    for _ in range(9):
        await client.send_bytes(frame(CONTINUATION, b"", fin=False) * 128)
    assert await client.rest() == ([], 1008, "Message in too many frames")
    assert server.ended == {"too many frames": 1}
