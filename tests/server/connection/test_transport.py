"""A socket as a transport, and the lanes in memory that stand in for it: both keep one contract."""

import socket

import pytest
import trio
import trio.lowlevel
import trio.testing
from transports import pipe

from feed.server.connection.transport import SocketTransport


class Far:
    """The other end, of whatever kind."""

    def __init__(self, stream):
        self.send = stream.send_all
        self.receive = stream.receive_some
        self.finish = stream.send_eof
        self.close = stream.aclose


@pytest.fixture(params=["socket", "memory"])
async def ends(request):
    """A transport and the far end of it."""
    if request.param == "memory":
        near, far = pipe(capacity=4096)
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        with listener:
            far = trio.SocketStream(
                trio.socket.from_stdlib_socket(socket.create_connection(listener.getsockname()))
            )
            sock, address = listener.accept()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        near = SocketTransport(sock, address[0])
    with trio.fail_after(10):
        yield near, Far(far)
        near.close()
        await far.aclose()


async def test_bytes_go_both_ways(ends):
    """In order, and the end of one direction leaves the other open."""
    near, far = ends
    assert near.peer == "127.0.0.1"
    assert near.send(b"hello") == 5
    near.finish()
    assert await far.receive() == b"hello"
    assert await far.receive() == b""
    await far.send(b"and you")
    assert await near.receive() == b"and you"
    await far.finish()
    assert await near.receive() == b""


async def test_a_reset_is_an_error_at_the_other_end(ends):
    """And not an end in order; whoever waits here is woken."""
    near, far = ends

    async def wait():
        with pytest.raises((OSError, trio.ClosedResourceError)):
            await near.receive()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        near.reset()
    near.reset()  # a second time does nothing
    with pytest.raises(trio.BrokenResourceError):
        await far.receive()


def fill(near):
    """Send until nothing is taken any more; how many bytes were."""
    sent = 0
    try:
        while True:
            sent += near.send(bytes(100_000))
    except BlockingIOError:
        return sent


async def test_a_full_transport_takes_nothing_until_it_is_writable(ends):
    """Sending never waits: it takes a part, then nothing."""
    near, far = ends
    sent = fill(near)
    assert sent
    with trio.move_on_after(0.01) as waiting:
        await near.writable()
    assert waiting.cancelled_caught
    while sent:
        sent -= len(await far.receive())
    await near.writable()
    assert near.send(b"x") == 1


async def test_closing_wakes_who_waits(ends):
    """The reader learns of it by an error, and so does whoever sends later."""
    near, _ = ends

    async def read():
        with pytest.raises((OSError, trio.ClosedResourceError)):
            await near.receive()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        near.close()
    near.close()
    with pytest.raises(OSError, match=r"closed|Bad file descriptor"):
        near.send(b"x")


async def test_one_reader_at_a_time(ends):
    """A second one is refused while the first waits."""
    near, far = ends
    async with trio.open_nursery() as nursery:
        nursery.start_soon(near.receive)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(trio.BusyResourceError):
            await near.receive()
        await far.send(b"x")


async def test_a_reader_that_is_cancelled_makes_room_at_once(ends):
    """The next one can take its place before the first has run again."""
    near, far = ends
    scope = trio.CancelScope()

    async def read():
        with scope:
            await near.receive()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        scope.cancel()
        nursery.start_soon(far.send, b"x")
        assert await near.receive() == b"x"


async def test_a_far_end_that_is_gone_breaks_sending(ends):
    """An error of the socket's kind, at the latest once the far end has said so."""
    near, far = ends
    await far.close()

    async def send():
        while True:
            near.send(b"x")
            await trio.lowlevel.checkpoint()

    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        await send()
