"""A server whose scenario has large orders: the log and the admin's answer say what became of them."""

import pytest
import structlog
import trio
import virtual
from asking import ADMIN, ask
from railway import RING, SIGNING_KEY, Railway

from feed import Settings
from feed.server.playout import Playout
from feed.server.server_context import ServerContext

SCENARIO = """\
format = 1
name = "small"
seed = 3
start = 2024-03-06T14:30:00Z
duration = "4s"

[market]
count = 1

[[timeline]]
at = "1s"
do = "large-order"
side = "sell"
lots = 999999999999
bps = 10

[[timeline]]
at = "1s"
do = "large-order"
side = "buy"
lots = 60
slices = 2
pause = "1s"

[[timeline]]
at = "3500ms"
do = "large-order"
side = "buy"
lots = 60
slices = 2
pause = "1s"
"""


@pytest.fixture
def scenario(tmp_path):
    """The path of a scenario file."""
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return str(path)


def test_they_are_told_as_they_go_and_logged_once_they_are_over(scenario):
    """What was not traded is a warning; the end of the scenario ends what is left."""
    settings = Settings(scenario=scenario, speed=1)

    async def main():
        playout = Playout(settings)
        server = ServerContext(settings, playout.source, RING, playout.plan, signing_key=SIGNING_KEY)
        send, receive = trio.open_memory_channel(settings.flow.channel_batches)
        asked = []
        async with trio.open_nursery() as nursery:
            await playout.open(server.fanout)
            nursery.start_soon(server.fanout.run, receive)
            nursery.start_soon(playout.run, send, server.fanout)
            connect = Railway(server, playout.source, nursery, settings.limits).connect
            for seconds in (0.5, 1, 1, 2):
                await trio.sleep(seconds)
                status, _, body = await ask(connect(), "/admin/large-orders", **ADMIN)
                asked.append((status, body["orders"]))
            nursery.cancel_scope.cancel()
        return asked

    with structlog.testing.capture_logs() as logs:
        asked = virtual.run(main)
    assert [status for status, _ in asked] == [200] * 4
    told = [[(one["traded"], one["unsent"], one["over"]) for one in orders] for _, orders in asked]
    none, going, done, ended = told
    assert none == []
    assert [one[1:] for one in going] == [(0, True), (1, False)]
    assert done[1][1:] == (0, True)
    assert ended[2][1:] == (1, True)
    lines = [
        (line["log_level"], line["symbol"], line["side"], line["unsent"]) for line in logs if "unsent" in line
    ]
    assert lines == [
        ("warning", "EURUSD", "sell", 0),
        ("info", "EURUSD", "buy", 0),
        ("warning", "EURUSD", "buy", 1),
    ]
