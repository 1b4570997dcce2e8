"""A client that says goodbye in the middle of a flood, and reads no more."""

import structlog
import trio
from clients import CLOSE, frame
from scripts import quote


async def flooded(server):
    client = await server.subscribed("EURUSD", capacity=300)
    await client.message()
    for at in range(50):
        server.script.play(quote(0, 200 + at))
    await trio.testing.wait_all_tasks_blocked()
    assert server.context.fanout.hub.backlog() > 0
    await client.send_bytes(frame(CLOSE, b"\x03\xe8"))
    await trio.testing.wait_all_tasks_blocked()
    return client


async def test_the_market_does_not_wait_for_a_client_that_has_closed(server):
    """Its close frame is enough, though nobody reads the answer: what it is owed is forgotten at once."""
    await flooded(server)
    assert server.context.fanout.hub.backlog() == 0
    assert server.ended == {"closed by client": 1}
    with structlog.testing.capture_logs() as logs:
        await trio.sleep(server.settings.limits.close_seconds + 0.1)
    assert [line["event"] for line in logs] == ["connection ended"]


async def test_one_that_reads_on_is_answered(server):
    """What the socket had taken, a whole frame, and then the answer to its close."""
    client = await flooded(server)
    messages, code, _ = await client.rest()
    assert 0 < len(messages) < 50
    assert code == 1000
