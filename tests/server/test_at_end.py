"""What becomes of a server, and of its clients, when a scenario is over."""

import json
from pathlib import Path

import pytest
import structlog
import trio
from asking import ADMIN, API_KEY, ask
from clients import KEY
from networks import started

from feed import Limits, Settings
from feed.errors import ConfigError
from feed.server.playout import Playout

SCENARIO = """\
format = 1
name = "short"
seed = 3
start = 2024-03-06T14:30:00Z
duration = "3500ms"
[market]
count = 2
"""
START = 1_709_735_400_000
END = (1001, "The market has ended")
# Clients of these tests read at the end; meanwhile they answer no ping.
PATIENT = Limits(ping_seconds=10_000)
SUBSCRIBE = {"op": "subscribe", "channel": "ticker", "symbol": "EURUSD", "apiKey": KEY}


@pytest.fixture
def short(tmp_path):
    """A scenario file; more of it can be given."""

    def write(more=""):
        path = tmp_path / "short.toml"
        path.write_text(SCENARIO + more, encoding="utf-8")
        return str(path)

    return write


async def clock(client):
    return (await ask(client, "/admin/clock", **ADMIN))[2]


async def test_at_the_end_every_connection_is_closed_and_told_why(network, short):
    """With all its data before; whoever comes later is told by HTTP, and what there was can be asked for."""
    with structlog.testing.capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            _, stop, done = await started(nursery, Settings(scenario=short()))
            client = await network.subscribed("EURUSD")
            web = network.connect()
            assert (await ask(web, "/readyz"))[2]["state"] == "running"
            began = trio.current_time()
            messages, *end = await client.rest()
            assert tuple(end) == END
            assert START + 2000 < messages[-1]["time"] <= START + 3500
            assert 3.4 < trio.current_time() - began < 3.6
            status, _, body = await ask(web, "/readyz")
            assert (status, body) == (
                503,
                {"error": {"code": "ended", "message": "The market has ended"}, "state": "ended"},
            )
            assert (await ask(web, "/healthz"))[0] == 200
            assert (await clock(web))["state"] == "ended"
            assert (await ask(web, "/v1/market/ticker?symbol=EURUSD", **API_KEY))[0] == 200
            late = network.connect()
            await late.send_bytes(b"")
            assert (await late.upgrade())[0] == 503
            assert b"The market has ended" in await late.stream.receive_some() + late._buffer
            assert not done.is_set()
            stop.set()
        ends = [line for line in logs if line["event"] == "the market has ended"]
    assert [(line["at_end"], line["connections"]) for line in ends] == [("close", 1)]


async def test_it_can_exit(network, short):
    """Connections first, and then the server, by itself."""
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            _, _, done = await started(nursery, Settings(scenario=short(), at_end="exit"))
            client = await network.subscribed("EURUSD")
            assert (await client.rest())[1:] == END
            await done.wait()


async def test_it_can_hold(network, short):
    """Everybody stays, newcomers are shown how it ended, and heartbeats go on; nothing can be steered."""
    async with trio.open_nursery() as nursery:
        _, stop, _ = await started(nursery, Settings(scenario=short(), at_end="hold", limits=PATIENT))
        client = network.connect()
        await client.upgrade("/market/ws")
        await client.send(SUBSCRIBE)
        await trio.sleep(5)
        web = network.connect()
        status, _, body = await ask(web, "/readyz")
        assert (status, body["status"], body["state"]) == (200, "ready", "ended")
        status, _, body = await ask(web, "/admin/clock", method="POST", body=b'{"action":"pause"}', **ADMIN)
        assert (status, body["error"]["message"]) == (409, "the market has ended")
        await trio.sleep(40)
        late = await network.subscribed("EURUSD")
        assert (await late.message())["type"] == "tick"
        stop.set()
        messages, code, _ = await client.rest()
        assert code == 1001
        heartbeats = [message["ts"] for message in messages if message["type"] == "heartbeat"]
        assert len(heartbeats) == 4
        assert set(heartbeats) == {messages[-1]["ts"]}  # market time stands still
        assert messages[-1]["ts"] >= "2024-03-06T14:30:03"


async def test_it_can_begin_again(network, short):
    """Sequence numbers and market time go on, and a book is told anew: nothing ever comes twice."""
    with structlog.testing.capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            _, stop, _ = await started(nursery, Settings(scenario=short(), at_end="loop"))
            client = network.connect()
            await client.upgrade("/ws")
            await client.send({"type": "subscribe", "channels": ["book_eurusd", "ticker_eurusd"]})
            await trio.sleep(10)
            web = network.connect()
            assert (await ask(web, "/readyz"))[2]["state"] == "running"
            stop.set()
            messages, code, _ = await client.rest()
    assert code == 1001
    numbers = [message["seq"] for message in messages if "seq" in message][2:]  # two snapshots
    assert numbers == sorted(numbers)
    times = [message["ts"] for message in messages if message["type"] == "ticker"]
    assert times == sorted(times)
    assert times[-1] > START + 9000
    books = [message for message in messages if message.get("action") == "snapshot"]
    assert [bool(book["bids"]) for book in books] == [True, False, False]  # cleared twice
    assert [line["round"] for line in logs if line["event"] == "the market begins again"] == [2, 3]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"until": "5s"}, "--until: does not go with --at-end loop"),
        ({"journal": Path("j")}, "--journal: does not"),
    ],
)
def test_what_has_no_end_needs_no_end(short, options, complaint):
    """And a journal of it could not be played."""
    with pytest.raises(ConfigError, match=complaint):
        Playout(Settings(scenario=short(), at_end="loop", **options))


async def test_a_fault_after_the_last_event_strikes(network, short):
    """At the very end of the scenario, where no event follows."""
    fault = '[[timeline]]\nat = "3500ms"\ndo = "disconnect"\ncode = 4000\nreason = "late"\n'
    async with trio.open_nursery() as nursery:
        _, stop, _ = await started(nursery, Settings(scenario=short(fault)))
        client = await network.subscribed("EURUSD")
        assert (await client.rest())[1:] == (4000, "late")
        stop.set()


async def test_faults_come_again_with_their_scenario(network, short):
    """In every round at its time; one that lasts for the rest of the scenario ends with the round."""
    faults = (
        '[[timeline]]\nat = "1s"\ndo = "disconnect"\ncode = 4000\n'
        '[[timeline]]\nat = "2s"\ndo = "refuse-handshakes"\n'
    )
    async with trio.open_nursery() as nursery:
        began = trio.current_time()
        _, stop, _ = await started(nursery, Settings(scenario=short(faults), at_end="loop"))
        cut = []
        for _ in range(2):
            client = await network.subscribed("EURUSD")
            assert (await client.rest())[1] == 4000
            cut.append(trio.current_time() - began)
            await trio.sleep(1.5)
            assert (await network.connect().upgrade())[0] == 503
            await trio.sleep(1.5)
        stop.set()
        assert cut == pytest.approx([1, 4.5], abs=0.1)


async def test_a_paused_market_keeps_its_heartbeats(network, short):
    """At their interval on the clock, the same for everybody, with no number of their own."""

    async def steer(web, **command):
        body = json.dumps(command).encode()
        assert (await ask(web, "/admin/clock", method="POST", body=body, **ADMIN))[0] == 200

    async with trio.open_nursery() as nursery:
        _, stop, _ = await started(nursery, Settings(scenario=short(), limits=PATIENT))
        clients = [network.connect() for _ in range(2)]
        for client in clients:
            await client.upgrade("/market/ws?ext=seq")
            await client.send(SUBSCRIBE)
        await trio.sleep(1.25)
        web = network.connect()
        await steer(web, action="pause")
        where = await clock(web)
        await trio.sleep(60)
        web = network.connect()
        assert (await ask(web, "/readyz"))[2]["state"] == "paused"
        assert await clock(web) == where
        await steer(web, action="resume")
        messages, *end = await clients[0].rest()
        others, *_ = await clients[1].rest()
        stop.set()
    assert tuple(end) == END
    assert messages[1:] == others[1:]
    heartbeats = [message for message in messages if message["type"] == "heartbeat"]
    assert len(heartbeats) == 6
    assert len({message["ts"] for message in heartbeats}) == 1
    times = [message["ts"] for message in messages]
    assert times == sorted(times)
