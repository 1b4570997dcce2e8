"""``feed tail``: what it asks for, and when it stops."""

import sys

import pytest

from feed.testing import FeedServer

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server():
    with FeedServer(speed=10) as running:
        yield running


def url(server, path=""):
    return server.http.replace("http", "ws") + path


def test_in_a_pipe_every_message_is_a_line(run, server):
    """From the first on, in any protocol."""
    code, out, err = run("tail", url(server), "--count", 3)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith('{"type":"welcome"')
    assert out.count('"type":"tick"') == 3
    _, out, _ = run(
        "tail", url(server, "/ws"), "--symbols", "BTC-USD", "--channels", "trades,quotes", "--count", 2
    )
    assert out.startswith('{"type":"subscribed","channels":["trades_btcusd","ticker_btcusd"],"pos":')


def test_it_stops_after_a_time(run, server):
    """Whatever has come by then."""
    code, out, _ = run("tail", url(server), "--symbols", "NOSUCH", "--seconds", 0.3)
    assert (code, out.count("\n")) == (0, 3)


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
    assert (code, err.count("\n")) == (2, 1)
    assert complaint in err
    assert "Traceback" not in out
