"""The transport on which things go wrong, over one in memory."""

import pytest
import trio
from transports import pipe

from feed.faults.gate import FrameGate
from feed.faults.pacing import GOOD, LinkState
from feed.faults.transport import FaultyTransport
from feed.stream.frames import text_frame

HEAD = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


@pytest.fixture
async def link(nursery):
    """A transport that is run, and the client's end of it."""

    def make(**options):
        below, client = pipe(capacity=options.pop("capacity", 65536))
        transport = FaultyTransport(below, **options)
        nursery.start_soon(transport.run)
        return transport, client

    return make


async def arrived(client, size):
    """The next bytes, and when the last of them came."""
    data = b""
    while len(data) < size:
        data += await client.receive_some(size - len(data))
    return data, trio.current_time()


async def test_a_good_link_is_the_transport_below(link):
    """What is sent is there at once, and so is what the client sends."""
    transport, client = link()
    transport.impair(GOOD)
    assert transport.send(b"one") == 3
    assert await client.receive_some() == b"one"
    await client.send_all(b"two")
    assert await transport.receive() == b"two"


async def test_latency_comes_before_bandwidth(link):
    """A write is late first, and then takes its time."""
    transport, client = link()
    transport.impair(LinkState(late=lambda: 2.0, bytes_per_second=100))
    began = trio.current_time()
    transport.send(b"x" * 200)
    data, now = await arrived(client, 200)
    assert data == b"x" * 200
    assert now - began == pytest.approx(2.0 + 195 / 100)


async def test_a_gate_comes_before_latency(link):
    """A frame is lost when it is written, and not when it is due."""
    transport, client = link(gate=FrameGate(lambda _: None))
    transport.send(HEAD)
    await client.receive_some()
    transport.impair(LinkState(late=lambda: 1.0))
    transport.gate.lose = 1
    transport.send(text_frame("lost") + text_frame("late"))
    transport.gate.lose = 5
    data, _ = await arrived(client, len(text_frame("late")))
    assert data == text_frame("late")


async def test_a_stalled_link_holds_both_directions_and_loses_nothing(link):
    """What is on the way as well; afterwards all of it comes in order."""
    transport, client = link()
    transport.impair(LinkState(late=lambda: 1.0))
    transport.send(b"one")
    transport.impair(LinkState(late=lambda: 1.0, stalled=True))
    with pytest.raises(BlockingIOError):
        transport.send(b"two")
    await client.send_all(b"heard")
    with trio.move_on_after(60) as waited:
        await transport.receive()
    assert waited.cancelled_caught
    with trio.move_on_after(60) as waited:
        await client.receive_some()
    assert waited.cancelled_caught
    transport.impair(GOOD)
    await transport.writable()
    assert transport.send(b"two") == 3
    assert (await arrived(client, 6))[0] == b"onetwo"


async def test_what_is_on_the_way_is_bounded(link):
    """Past the bound nothing is taken, until something has arrived."""
    transport, client = link(most=10)
    transport.impair(LinkState(late=lambda: 3.0))
    began = trio.current_time()
    assert transport.send(b"x" * 10) == 10
    with pytest.raises(BlockingIOError):
        transport.send(b"y")
    await transport.writable()
    assert trio.current_time() - began == pytest.approx(3)
    assert transport.send(b"y") == 1
    assert (await arrived(client, 11))[0] == b"x" * 10 + b"y"


async def test_short_writes_are_bounded_by_their_number(link, monkeypatch):
    """A pong has two bytes, and takes far more to remember."""
    monkeypatch.setattr("feed.faults.transport.LINK_WRITES", 2)
    transport, client = link()
    transport.impair(LinkState(late=lambda: 3.0))
    assert [transport.send(b"a"), transport.send(b"b")] == [1, 1]
    with pytest.raises(BlockingIOError):
        transport.send(b"c")
    await transport.writable()
    assert transport.send(b"c") == 1
    assert (await arrived(client, 3))[0] == b"abc"


async def test_a_long_write_is_taken_as_far_as_there_is_room(link):
    """One frame of many megabytes cannot be on the way whole: what follows waits on the other side."""
    transport, client = link(most=10)
    transport.impair(LinkState(late=lambda: 3.0))
    assert transport.send(b"x" * 6) == 6
    assert transport.send(memoryview(b"y" * 1000)) == 4
    with pytest.raises(BlockingIOError):
        transport.send(b"y" * 996)
    assert (await arrived(client, 10))[0] == b"x" * 6 + b"y" * 4


async def test_a_link_that_is_good_again_keeps_the_order(link):
    """What is late comes when it was to come, and what is sent meanwhile behind it."""
    transport, client = link()
    transport.impair(LinkState(late=lambda: 3.0))
    began = trio.current_time()
    transport.send(b"late")
    transport.impair(GOOD)
    transport.send(b"next")
    data, now = await arrived(client, 8)
    assert (data, now - began) == (b"latenext", pytest.approx(3))
    transport.send(b"now")
    assert await arrived(client, 3) == (b"now", now)


async def test_the_end_comes_after_what_is_late(link):
    """Nothing is cut off by a finish; a close drops what is on the way."""
    transport, client = link()
    transport.impair(LinkState(late=lambda: 3.0))
    transport.send(b"late")
    transport.finish()
    assert (await arrived(client, 4))[0] == b"late"
    assert await client.receive_some() == b""
    transport, client = link()
    transport.impair(LinkState(late=lambda: 3.0, stalled=True))
    transport.close()
    await transport.passable()
    assert await client.receive_some() == b""
    with pytest.raises(trio.ClosedResourceError):
        await transport.writable()


async def test_a_client_that_reads_slowly_is_waited_for(link):
    """What is due and not taken goes out as there is room."""
    transport, client = link(capacity=4)
    transport.impair(LinkState(late=lambda: 1.0))
    transport.send(b"0123456789")
    assert (await arrived(client, 10))[0] == b"0123456789"


async def test_a_reset_is_an_error_to_the_client(link):
    """And not an end in order."""
    transport, client = link()
    transport.send(b"lost")
    transport.reset()
    with pytest.raises(trio.BrokenResourceError):
        await client.receive_some()
