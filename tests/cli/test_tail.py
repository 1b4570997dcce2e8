"""``feed tail``: what it asks for, and when it stops."""

import json
import sys

import pytest

from feed.client.known import choose
from feed.testing import FeedServer

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server():
    with FeedServer(speed=10) as running:
        yield running


def url(server, path=""):
    return server.http.replace("http", "ws") + path


def test_in_a_pipe_every_message_of_the_market_is_a_line(run, server):
    """As many as were asked for, as they came; what is said besides goes to stderr, in any protocol."""
    code, out, err = run("tail", url(server), "--count", 3)
    assert code == 0
    assert [json.loads(line)["type"] for line in out.splitlines()] == ["tick"] * 3
    assert [json.loads(line)["type"] for line in err.splitlines()] == ["welcome", "auth", "subscribed"]
    _, out, err = run(
        "tail", url(server, "/ws"), "--symbols", "BTC-USD", "--channels", "trades,book", "--count", 2
    )
    assert {json.loads(line)["type"] for line in out.splitlines()} <= {"book", "trade"}
    assert len(out.splitlines()) == 2
    assert err.startswith('{"type":"subscribed","channels":["trades_btcusd","book_btcusd"]')


@pytest.mark.parametrize("dialect", ["guide", "marketai", "rails", "securitypro", "tradyn"])
@pytest.mark.parametrize("path", ["", "/"])
def test_a_protocol_that_is_named_is_spoken_where_the_server_speaks_it(run, server, dialect, path):
    """At the root another would answer, and go on refusing."""
    code, out, _ = run("tail", url(server, path), "--dialect", dialect, "--count", 1, "--seconds", 30)
    assert code == 0
    assert len(out.splitlines()) == 1


def test_without_symbols_some_are_chosen(run):
    """The usual ones as far as the server has them, or else its first."""
    with FeedServer(speed=10, instruments=2) as small:
        _, _, err = run("tail", url(small), "--count", 1)
    assert '"symbols":["EURUSD","GBPUSD"]' in err
    assert choose(["BTC-USD", "ETH-USD"], ["EURUSD"]) == ["BTC-USD"]
    assert choose([], ["EURUSD", "XAUUSD"]) == ["EURUSD", "XAUUSD"]


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("", "Unknown symbol(s): BTC-USX"),
        ("/market/ws", "Unknown symbol: BTC-USX"),
        ("/ws", "Unknown channel(s): ticker_btcusx"),
        ("/rails", "Unknown market: BTC-USX"),
        ("/marketai", "Unknown symbol(s): BTC-USX"),
    ],
)
@pytest.mark.parametrize("symbols", ["BTC-USX", "EURUSD,BTC-USX"])
def test_an_unknown_symbol_ends_it_at_once(run, server, path, complaint, symbols):
    """With those that there are, the nearest first; also beside one that is known."""
    code, _, err = run("tail", url(server, path), "--symbols", symbols)
    *_, line = err.splitlines()
    assert (code, line.split("; ")[0]) == (2, f"feed: {url(server, path)}: {complaint}")
    assert line.split("; ")[1].startswith("known are BTC-USD")


def test_it_ends_when_the_market_does(run):
    """And says so; a moment later too, when nobody is let in any more."""
    with FeedServer(speed=50, until="5s") as short:
        code, _, err = run("tail", url(short))
        assert (code, err.splitlines()[-1]) == (0, f"feed: {url(short)}: The market has ended")
        assert run("tail", url(short)) == (0, "", f"feed: {url(short)}: The market has ended\n")


def test_it_stops_after_a_time(run, server):
    """Whatever has come by then."""
    code, out, _ = run("tail", url(server, "/ws"), "--symbols", "EURUSD", "--seconds", 0.3)
    assert code == 0
    assert all(json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize("options", [[], ["--table"], ["--book", "BTC-USD"]])
def test_on_a_terminal_it_is_pretty(run, server, monkeypatch, options):
    """Lines, a table, a ladder."""
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    code, out, _ = run("tail", url(server, "/ws"), "--symbols", "BTC-USD", "--count", 5, *options)
    assert code == 0
    assert "BTC-USD" in out
    assert '{"' not in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--table"], "--table: needs a terminal"),
        (["--dialect", "morse"], "there is no client for 'morse'"),
        (["--channels", "book"], "no channel 'book'; there are quotes"),
        (["--key", "wrong"], "the server does not accept the key (Invalid API key)"),
    ],
)
def test_a_mistake_is_one_line(run, server, arguments, complaint):
    """Exit code 2."""
    code, out, err = run("tail", url(server), *arguments)
    *answers, line = err.splitlines()
    assert (code, out) == (2, "")
    assert line.startswith("feed: ")
    assert complaint in line
    assert all(answer.startswith("{") for answer in answers)
