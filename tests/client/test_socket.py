"""The WebSocket itself, on real sockets and on both loops."""

import socket
import ssl
from types import SimpleNamespace

import anyio
import pytest
from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.uri import parse_uri
from websockets.utils import accept_key

from feed.client import Quote, connect
from feed.client.socket import HandshakeRefused, Socket, SocketClosed, open_socket
from feed.errors import ConfigError
from feed.settings import Tls
from feed.testing import FeedServer

pytestmark = pytest.mark.e2e
BACKENDS = ["trio", "asyncio"]


@pytest.fixture(scope="module")
def server():
    with FeedServer(speed=10) as running:
        yield running


async def opened(url):
    with anyio.fail_after(10):
        async with open_socket(url) as sock:
            return await sock.receive()


@pytest.mark.parametrize("backend", BACKENDS)
def test_messages_come_and_the_end_is_told(server, backend):
    """One handshake, one welcome; what the server closes with is what is raised."""

    async def main():
        async with open_socket(server.url) as sock:
            [welcome] = await sock.receive()
            assert welcome.startswith('{"type":"welcome"')
            await sock.send("x" * 70_000)
            await sock.receive()

    with pytest.raises(SocketClosed) as closed:
        anyio.run(main, backend=backend)
    assert closed.value.code == 1009


@pytest.mark.parametrize("backend", BACKENDS)
def test_last_words_are_given_before_the_end(backend):
    """A server that answers the handshake, says why it does not serve us, and closes, all in one write."""

    async def serve(stream):
        async with stream:
            head = await stream.receive()
            key = head.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0].decode()
            answer = "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            frames = b"\x81\x02no\x88\x02\x03\xf0"
            await stream.send(f"{answer}{accept_key(key)}\r\n\r\n".encode() + frames)

    async def main():
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, serve)
            async with open_socket(f"ws://127.0.0.1:{port}") as sock:
                with pytest.raises(SocketClosed):
                    await sock.send("hello")
                assert await sock.receive() == ["no"]
                with pytest.raises(SocketClosed) as closed:
                    await sock.receive()
                assert closed.value.code == 1008
            tasks.cancel_scope.cancel()
        await listener.aclose()

    anyio.run(main, backend=backend)


async def test_last_words_are_given_though_nothing_can_be_answered():
    """The other end has gone, and the answer to its close with it."""
    said = [b"\x81\x02no\x88\x02\x03\xf0"]

    async def receive(_):
        if said:
            return said.pop()
        raise anyio.EndOfStream

    async def send(_):
        raise anyio.BrokenResourceError

    protocol = ClientProtocol(parse_uri("ws://127.0.0.1"), state=State.OPEN)
    seen = []
    sock = Socket(SimpleNamespace(receive=receive, send=send), protocol, seen.append)
    assert await sock.receive() == ["no"]
    assert seen == [b"no"]
    with pytest.raises(SocketClosed) as closed:
        await sock.receive()
    assert closed.value.code == 1008


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_refusal_has_its_status(server, backend):
    """Of HTTP, when the answer is no WebSocket."""
    with pytest.raises(HandshakeRefused) as refused:
        anyio.run(opened, server.url.replace("/tradyn", "/nowhere"), backend=backend)
    assert refused.value.code == 404


@pytest.mark.parametrize("backend", BACKENDS)
def test_nobody_there_is_said_in_a_few_words(backend):
    """As the operating system says it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SocketClosed, match=r"(?i)connect") as closed:
        anyio.run(opened, f"ws://127.0.0.1:{port}", backend=backend)
    assert closed.value.code == 0


def test_what_is_no_url_is_said():
    """The operator's mistake."""
    with pytest.raises(ConfigError, match="http://x"):
        anyio.run(opened, "http://x")


@pytest.mark.parametrize("backend", BACKENDS)
def test_wss_is_spoken_to_whom_is_trusted(tmp_path, backend):
    """And to nobody else."""
    ca = tmp_path / "ca.pem"

    async def first_quote(url, context):
        with anyio.fail_after(10):
            async with connect(url, symbols=["EURUSD"], ssl_context=context) as feed:
                async for event in feed:
                    if isinstance(event, Quote):
                        return feed.symbol(event)
        raise AssertionError

    async def both(url):
        assert await first_quote(url, ssl.create_default_context(cafile=str(ca))) == "EURUSD"
        async with connect(url, symbols=["EURUSD"]) as feed:
            assert "certificate" in (await feed.__anext__()).reason.lower()

    with FeedServer(speed=10, tls=Tls(self_signed=True, ca=ca)) as secure:
        assert secure.url.startswith("wss://")
        anyio.run(both, secure.url, backend=backend)
