"""The fixture, from every kind of test."""

import inspect
import json
import subprocess
import sys
import threading
import time
from typing import get_type_hints

import anyio
import attrs
import pytest
import websockets.sync.client

from feed import Settings
from feed.client import Disconnected, Quote, SymbolUnknown, connect, connect_blocking
from feed.client.blocking import ConnectOptions
from feed.errors import ConfigError, FeedError
from feed.testing import FeedServer
from feed.testing.options import ServerOptions
from feed.testing.server import STOP_SECONDS, UNKNOWN_SECONDS

pytestmark = pytest.mark.e2e
pytest_plugins = ["pytester"]


def auth(server):
    return json.dumps({"type": "auth", "apiKey": server.key})


def test_a_synchronous_test_can_use_it(feed_server):
    """Any client does; what it did is on record."""
    with websockets.sync.client.connect(feed_server.url) as socket:
        assert json.loads(socket.recv(60))["type"] == "welcome"
        socket.send(auth(feed_server))
        assert json.loads(socket.recv(60))["success"]
        assert [said.text for said in feed_server.visits[0].said] == [auth(feed_server)]
        assert feed_server.visits[0].left is None
    deadline = time.monotonic() + 30
    while feed_server.visits[0].left is None and time.monotonic() < deadline:
        time.sleep(0.005)
    [visit] = feed_server.visits
    assert (visit.path, visit.close_code) == ("/tradyn", 1000)


@pytest.mark.feed(scenario="flash-crash", seed=7, speed=0, dialect="guide")
async def test_a_trio_test_can_use_it(feed_server):
    """The market waits for the subscription, and is then as fast as its reader: a crash in a moment."""
    prices = []
    with anyio.fail_after(60):
        async with connect(feed_server.url, symbols=["BTC-USD"]) as feed:
            async for event in feed:
                if isinstance(event, Quote):
                    prices.append(event.bid)
                    if event.bid < prices[0] * 0.95:
                        break


@pytest.mark.feed(dialect="securitypro", speed=5)
def test_an_asyncio_test_can_use_it(feed_server):
    """The same client on the other loop."""

    async def main():
        with anyio.fail_after(60):
            async with connect(feed_server.url, key=feed_server.key, symbols=["BTC-USD"]) as feed:
                async for event in feed:
                    if isinstance(event, Quote):
                        assert feed.symbol(event) == "BTC-USD"
                        break

    anyio.run(main, backend="asyncio")


@pytest.mark.feed(speed=5)
def test_a_script_can_use_the_client_without_async(feed_server):
    """Its loop has a thread of its own."""
    with connect_blocking(feed_server.url, symbols=["EURUSD"]) as feed:
        assert "EURUSD" in {
            feed.symbol(event) for event, _ in zip(feed, range(8), strict=False) if isinstance(event, Quote)
        }


@pytest.mark.feed(scenario="disconnect-storm", speed=0, until="20s", dialect="guide")
async def test_the_faults_of_a_scenario_are_on_record(feed_server):
    """What went wrong, and whom it struck; the client saw the same."""
    with anyio.fail_after(60):
        async with connect(feed_server.url, symbols=["EURUSD"]) as feed:
            async for event in feed:
                if isinstance(event, Disconnected):
                    break
    assert (event.code, event.reason) == (1001, "going away")
    [fault] = feed_server.faults
    assert (fault.name, fault.connections, fault.over) == ("disconnect", 1, True)


def test_it_is_ready_in_under_a_second():
    """In a process that has loaded it before, and it stops as fast; of the processor, whatever else runs."""
    began = time.process_time()
    with FeedServer() as server:
        assert server.url.startswith("ws://127.0.0.1:")
    assert time.process_time() - began < 2  # both ends of it


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"dialect": "morse"}, "no protocol 'morse'"),
        ({"scenario": "nowhere"}, "no scenario of that name"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(options, complaint):
    """In the test's own thread."""
    with pytest.raises(ConfigError, match=complaint):
        FeedServer(**options).start()


@pytest.mark.feed("burst", speed=0, dialect="guide")
async def test_the_scenario_can_be_named_alone(feed_server):
    """Without its keyword."""
    async with connect(feed_server.url, symbols=["BTC-USD"]) as feed:
        async for event in feed:
            if isinstance(event, Quote):
                assert feed_server._server_context.fanout.hub.market_state.now // 10**9 < 1_709_800_000
                break
    assert feed_server._settings.scenario == "burst"


def test_a_wrong_marker_is_told_before_the_test(pytester):
    """With the name of what is wrong in it."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.feed("burst", "crash")
        def test_two(feed_server):
            pass

        @pytest.mark.feed(scenaro="burst")
        def test_misspelt(feed_server):
            pass
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(errors=2)
    told = result.stdout.str()
    assert "@pytest.mark.feed of test_a_wrong_marker_is_told_before_the_test.py::test_two: " in told
    assert "unexpected keyword argument 'scenaro'" in told


@pytest.mark.feed(speed=0)
def test_a_client_of_unknown_symbols_does_not_wait_for_ever(feed_server):
    """The market would wait for it: it is told which there are, and closed."""
    with websockets.sync.client.connect(feed_server.url) as socket:
        socket.send(auth(feed_server))
        socket.send(json.dumps({"type": "subscribe", "symbols": ["ABCDEF"]}))
        with pytest.raises(websockets.exceptions.ConnectionClosedError):
            list(socket)
    assert socket.close_code == 1008
    assert socket.close_reason.startswith("Unknown symbol(s): ABCDEF; known are EURUSD, ")


@pytest.mark.feed(speed=0)
def test_a_client_that_thinks_again_is_left_alone(feed_server):
    """One that looks for what there is, too."""
    with websockets.sync.client.connect(feed_server.url) as socket:
        socket.send(auth(feed_server))
        socket.send(json.dumps({"type": "subscribe", "symbols": ["ABCDEF"]}))
        socket.send(json.dumps({"type": "subscribe", "symbols": ["EURUSD"]}))
        later = time.monotonic() + UNKNOWN_SECONDS + 0.5
        while time.monotonic() < later:
            text = socket.recv(60)
        assert json.loads(text)["type"] == "tick"


@pytest.mark.feed(dialect="rails")
async def test_the_client_library_says_what_there_is(feed_server):
    """At once, the nearest first."""
    with anyio.fail_after(60):
        async with connect(feed_server.url, symbols=["BTC-USX"]) as feed:
            with pytest.raises(SymbolUnknown, match="BTC-USX; known are BTC-USD") as caught:
                await anext(feed)
    assert set(caught.value.known[:2]) == {"BTC-USD", "BTC-USDT"}
    assert set(caught.value.known) == set(feed_server._server_context.listing.symbols)


def test_wrong_keywords_are_type_errors():
    """At run time, with the name; type checkers see them earlier, for every keyword is listed."""
    with pytest.raises(TypeError, match=r"FeedServer\(\) got an unexpected keyword argument 'colour'"):
        FeedServer(colour="red")
    with (
        pytest.raises(TypeError, match=r"connect_blocking\(\) got an unexpected .* 'symbol'"),
        connect_blocking("ws://127.0.0.1:1", symbol="EURUSD"),
    ):
        pass
    hints = get_type_hints(Settings, include_extras=False)
    assert get_type_hints(ServerOptions) == {
        name: hints[name] for name in attrs.fields_dict(Settings) if name not in {"scenario", "speed"}
    }
    parameters = inspect.signature(connect).parameters.values()
    keywords = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
    for_tests = {"random", "open_socket", "fetch", "post"}
    assert list(ConnectOptions.__annotations__) == [name for name in keywords if name not in for_tests]


def test_a_server_that_ended_by_itself_is_stopped_all_the_same():
    """Its problem is told, though its thread is not quite gone."""
    told = threading.Event()

    class Lingering(FeedServer):
        def _run(self):
            super()._run()
            told.wait(STOP_SECONDS)

    server = Lingering(scenario="nowhere")
    joined = server._thread.join
    server._thread.join = lambda seconds: (told.set(), joined(seconds))
    with pytest.raises(ConfigError, match="no scenario of that name"):
        server.start()
    with pytest.raises(FeedError, match="has stopped"):
        server.call(list)


def test_the_plugin_loads_nothing_that_was_not_asked_for():
    """Whoever has it installed and does not use it pays nothing."""
    code = (
        "import sys, feed.pytest_plugin;"
        "print(sorted({'trio', 'anyio', 'websockets', 'structlog', 'feed.testing'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
