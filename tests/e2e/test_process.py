"""The process: how it starts, how it stops, and what it says when it cannot."""

import json
import signal
import socket

import pytest
import trio
import websockets.sync.client
from processes import PATIENCE_SECONDS
from trio_websocket import HandshakeError, open_websocket_url

import feed as package
from feed import Settings

pytestmark = pytest.mark.e2e

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_it_stops_gently_when_asked(serve, name):
    """Exit code 0; a client that answers and one that does not are both told 1001."""
    server, url = serve("--log-format", "json")
    with websockets.sync.client.connect(url) as client, socket.create_connection(address(url)) as silent:
        client.recv()
        server.process.send_signal(getattr(signal, name))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            client.recv(PATIENCE_SECONDS)
        assert closed.value.rcvd.code == 1001
        silent.close()
        code, lines = server.rest()
    assert code == 0
    assert lines[:2] == [f"page {url.replace('ws', 'http', 1)}/", "feed is serving"]
    events = [json.loads(line) for line in server.errors.splitlines()]
    assert [event["event"] for event in events] == ["serving", "stopping", "stopped"]
    assert events[-1]["ended"] == {"server shutdown": 1}


def test_a_client_that_ignores_the_end_does_not_hold_it_up(serve):
    """It has shaken hands and then neither reads nor answers."""
    server, url = serve("--speed", 20)
    with socket.create_connection(address(url)) as mute:
        mute.sendall(HANDSHAKE)
        assert mute.recv(12) == b"HTTP/1.1 101"
        server.process.terminate()
        assert server.rest()[0] == 0


def test_a_port_in_use_is_one_line(feed, serve):
    """Where, what and what to do, on stderr; exit code 2 and no traceback."""
    _, url = serve()
    port = address(url)[1]
    second = feed("serve", "--port", port)
    code, lines = second.rest()
    assert (code, lines) == (2, [])
    assert second.errors == (
        f"feed: --port: port {port} on 127.0.0.1 is in use; choose another, or 0 for a free one\n"
    )


def test_a_port_file_that_cannot_be_written_is_one_line(feed, tmp_path):
    """The same manners once the server is half up."""
    server = feed("serve", "--port", 0, "--port-file", tmp_path / "no" / "port")
    code, _ = server.rest()
    assert code == 2
    [line] = [line for line in server.errors.splitlines() if line.startswith("feed:")]
    assert "--port-file" in line
    assert "Traceback" not in server.errors


def test_the_greeting_shows_how_to_see_data(serve, feed):
    """Its last line, pasted into a terminal, prints ticks."""
    server, url = serve("--speed", 20)
    while not (line := server.line()).startswith("  feed tail"):
        pass
    assert line.split() == ["feed", "tail", url]
    tail = feed(*line.split()[1:], "--count", 5)
    code, lines = tail.rest()
    assert (code, [json.loads(text)["type"] for text in lines]) == (0, ["tick"] * 5)


def test_tail_says_when_there_is_no_server(feed):
    """One line, exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    tail = feed("tail", f"ws://127.0.0.1:{port}")
    code, lines = tail.rest()
    assert (code, lines) == (2, [])
    assert tail.errors.count("\n") == 1
    assert "is the server running there?" in tail.errors


async def test_a_program_serves_by_itself():
    """``nursery.start`` gives the addresses; cancelling ends it."""
    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery:
            [here] = await nursery.start(package.serve, Settings(port=0, seed=7))
            async with open_websocket_url(here.url()) as socket:
                assert json.loads(await socket.get_message())["type"] == "welcome"
            nursery.cancel_scope.cancel()


async def test_every_address_of_a_host_shares_one_port():
    """``localhost`` may be two addresses; one port number is enough to know."""
    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery:
            addresses = await nursery.start(package.serve, Settings(host="localhost", port=0))
            assert len({there.port for there in addresses}) == 1
            for there in addresses:
                async with open_websocket_url(there.url()) as socket:
                    await socket.get_message()
            nursery.cancel_scope.cancel()


async def test_places_are_limited_and_given_back():
    """One connection too many is told so; when others have left there is room again."""
    limits = package.Limits(connections_per_address=3)
    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery:
            [here] = await nursery.start(package.serve, Settings(port=0, limits=limits))
            streams = [await trio.open_tcp_stream(here.host, here.port) for _ in range(4)]
            assert (await streams[3].receive_some()).startswith(b"HTTP/1.1 429 ")
            for stream in streams:
                await stream.aclose()
            while not await greeted(here):  # noqa: ASYNC110 - nothing else tells
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()


async def greeted(there):
    try:
        async with open_websocket_url(there.url()) as socket:
            return await socket.get_message()
    except HandshakeError:
        return None


def address(url):
    host, port = url.removeprefix("ws://").split(":")
    return host, int(port)
