"""Two servers of one market as operators have them: two processes and a socket between them."""

import signal
from contextlib import suppress
from pathlib import Path

import pytest
import websockets.sync.client
from listening import ALERT, ALERTS, SMALL, begin, figure, get, hear, listen, position, seq, until

pytestmark = pytest.mark.e2e


@pytest.fixture
def path(tmp_path):
    """Where the sequencer is followed."""
    return f"unix:{tmp_path}/feed.sock"


def test_both_say_the_same_and_a_client_of_one_goes_on_at_the_other(serve, path):
    """Also when an edge is killed, and after one was stopped for a while."""
    _, sequencer = serve(*SMALL, "--log", path)
    edge, followed = serve("--follow", path)
    until(lambda: 0 <= figure(followed, "feed_edge_lag_events") < 100)
    with listen(sequencer) as one, listen(followed) as other:
        (_, first), (since, told) = begin(hear(one, 1000)), begin(hear(other, 1000))
        told += hear(other, 0, seq(first[0]) + 500)  # on a busy machine it may have begun far behind
        first += hear(one, 0, seq(told[-1]))
        start, end = max(seq(first[0]), seq(told[0])), seq(told[-1])
        both = [[text for text in texts if start < seq(text) < end] for texts in (first, told)]
        assert both[0] == both[1]
        assert len(both[0]) > 100
        edge.process.send_signal(signal.SIGSTOP)
        hear(one, 300)  # whoever is at the sequencer notices nothing
        edge.process.send_signal(signal.SIGCONT)
        told += hear(other, 400)
        edge.process.kill()
    with listen(sequencer, since=position(told[-1])) as again:
        told += hear(again, 200)
    with listen(sequencer, since=since) as whole:
        assert hear(whole, len(told)) == told
    assert f'feed_log_edge_lag_bytes{{edge="edge-{edge.process.pid}"}}' not in get(sequencer, "/metrics")[1]


def test_a_sequencer_that_is_killed_leaves_readers_their_server(serve, path, tmp_path):
    """It says that it is behind; with a data folder the market goes on, and clients resume there.

    So does what was asked for at the edge; meanwhile nothing more can be.
    """
    settings = (*SMALL, "--log", path, "--data", tmp_path / "data")
    sequencer, _ = serve(*settings)
    edge, followed = serve("--follow", path)
    with listen(followed) as client:
        told = hear(client, 200)
        until(lambda: get(followed, "/readyz")[0] == 200)
        status, made = get(followed, ALERTS, ALERT)
        assert status == 200
        sequencer.process.kill()
        until(lambda: get(followed, "/readyz")[0] == 503)
        assert "is away; nothing was changed" in get(followed, ALERTS, ALERT)[1]
        assert f"s behind {path}" in get(followed, "/readyz")[1]
        until(lambda: "the server that is followed is away" in edge.errors)
        _, again = serve(*settings)
        with suppress(websockets.exceptions.ConnectionClosed):
            while True:
                told += hear(client, 1)
        assert client.close_code == 1012
    until(lambda: "begins anew" in edge.errors and get(followed, "/readyz")[0] == 200)
    since = position(told[-1])
    with listen(followed, since) as one, listen(again, since) as other:
        assert hear(one, 200) == hear(other, 200)
    since, told = begin(told)
    with listen(again, since) as whole:
        assert hear(whole, len(told)) == told
    alerts = [get(one, ALERTS) for one in (followed, again)]
    assert alerts[0] == alerts[1] == (200, f"[{made}]")


def test_what_cannot_be_followed_is_refused_in_one_line(feed, serve, path, tmp_path):
    """A path where nobody listens, one where another server does, and options of a market of one's own."""
    alone = feed("serve", "--follow", path)
    assert alone.rest()[0] == 2
    file = path.removeprefix("unix:")
    assert alone.errors == f"feed: --follow: no sequencer at {file}; start one with --log {path}\n"
    serve(*SMALL, "--log", path)
    assert Path(file).stat().st_mode & 0o777 == 0o600
    for options, words in (
        (("--log", path, "--port", 0), f"a server listens at {file} already"),
        (("--follow", path, "--data", tmp_path / "data"), "does not go with --data"),
        (("--log", "tcp:1"), "must be unix:PATH"),
        (("--log", path, "--lockstep"), "--log does not go with --lockstep"),
    ):
        process = feed("serve", *options)
        assert process.rest()[0] == 2
        assert words in process.errors
        assert "Traceback" not in process.errors
