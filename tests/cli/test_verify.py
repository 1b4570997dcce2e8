"""``feed verify``: alike is alike, and the first difference is named."""

import hashlib
import json
import re
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.cli.main import main
from feed.cli.transcripts import Verdict, compare, line
from feed.cli.verify import _check, usual
from feed.client import Disconnected
from feed.dialects.discovery import codecs, dialects, with_codec
from feed.errors import ConfigError
from feed.testing import FeedServer

URL = "ws://127.0.0.1:1"


def lines(*seqs, before=()):
    """Messages with these numbers, None for one without; ``before`` came before it had settled."""
    texts = [json.dumps({"seq": seq} if seq is not None else {"beat": True}) for seq in (*before, *seqs)]
    return [line(text.encode(), settled=at >= len(before)) for at, text in enumerate(texts)]


def test_what_all_have_heard_is_compared():
    """From where the last had joined to where the first ended; answers differ and do not count."""
    first = lines(1, 2, 3, None, 4, 5, 6)
    late = lines(3, None, 4, 5, before=(1, 2))
    content = b'{"seq": 3}\n{"beat": true}\n{"seq": 4}'
    assert compare([first, late]) == Verdict(
        messages=3, size=len(content), digest=hashlib.sha256(content).hexdigest()
    )


@pytest.mark.parametrize(
    ("other", "at"), [((1, 2, 4, 5), 3), ((1, 2, None, 3, 4, 5), 3), ((1, 2, 3, 3, 5), 4)]
)
def test_the_first_difference_is_named(other, at):
    """A message that is missing, one too many, or another one."""
    verdict = compare([lines(1, 2, 3, 4, 5), lines(*other)])
    assert verdict.digest == ""
    assert verdict.difference.startswith(f"connection 2 differs from connection 1 at message {at}:")


def counted(*pairs, before=()):
    """Messages with these numbers, and their numbers in the connection."""
    texts = [f'{{"seq":{seq},"n":{number}}}'.encode() for seq, number in (*before, *pairs)]
    return [line(text, settled=at >= len(before)) for at, text in enumerate(texts)]


def test_numbers_in_the_connection_are_compared_from_the_first_in_common():
    """Who has joined at another event counts otherwise, and must count on alike."""
    first = counted((1, 0), (2, 1), (3, 2), (4, 3), (5, 4))
    late = counted((3, 8), (4, 9), (5, 10), before=((2, 7),))
    content = b'{"seq":3,"n":0}\n{"seq":4,"n":1}'
    assert compare([first, late]).difference
    verdict = compare([first, late], counter=b'"n":')
    assert verdict.digest == hashlib.sha256(content).hexdigest()
    skipped = counted((3, 8), (4, 10), (5, 11), before=((2, 7),))
    assert compare([first, skipped], counter=b'"n":').difference.startswith("connection 2 differs")


def test_nothing_in_common_is_no_agreement():
    """Two connections that never listened at the same time prove nothing."""
    assert "nothing to compare" in compare([lines(1, 2), lines(8, 9, before=(7,))]).difference
    assert "nothing to compare" in compare([[], []]).difference


def test_what_is_no_text_is_compared_too():
    """Byte by byte, and shown so that it can be told apart."""
    found = compare([lines(1, 2, 3), [*lines(1), line(b"\xff", settled=True), *lines(2, 3)]])
    assert found.difference.endswith('  1: {"seq": 2}\n  2: \\xff')
    assert line(b"[1]", settled=True).seq is line(b'{"seq":"1"}', settled=True).seq is None


@given(st.lists(st.integers(1, 50), min_size=3).map(sorted), st.data())
def test_one_changed_message_is_found(seqs, data):
    """Wherever it stands between the first and the last number."""
    inside = [at for at, seq in enumerate(seqs) if seq < seqs[-1]]
    if not inside:
        return
    at = data.draw(st.sampled_from(inside))
    changed = lines(*seqs)
    changed[at] = line(json.dumps({"seq": seqs[at], "x": 1}).encode(), settled=True)
    assert compare([lines(*seqs), lines(*seqs)]).digest
    assert compare([lines(*seqs), changed]).difference


def test_every_protocol_with_a_client_is_spoken():
    """When none is named, the first in which orders can be sent."""
    has_client = [name for name in dialects() if find_spec(f"feed.dialects.{name}.client")]
    assert with_codec() == [*codecs()] == has_client
    assert usual() == "rails"


@pytest.mark.e2e
@pytest.mark.parametrize("dialect", with_codec())
def test_connections_of_every_protocol_are_alike(run, dialect):
    """Fast, slow and late, through its own client; also in what the client does not read."""
    with FeedServer(dialect=dialect, speed=2) as server:
        url = server.http.replace("http", "ws")
        code, out, _ = run("verify", url, "--dialect", dialect, "--connections", "3", "--seconds", "2.5")
        asked = [visit.path + "".join(said.text for said in visit.said) for visit in server.visits]
    assert code == 0, out
    assert out.startswith("identical: 3 connections, ")
    for name in codecs()[dialect].raw_channels:
        assert any(name in text for text in asked)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--symbol", "NOPE"], "Unknown market: NOPE"),
        (["--key", "nobody's"], "does not accept the key"),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_server(run, options, complaint):
    """Not as Python writes an exception; exit code 2."""
    with FeedServer(dialect="rails") as server:
        url = server.http.replace("http", "ws")
        code, _, err = run("verify", url, "--seconds", "2.5", *options)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"feed: {url}: ")
    assert complaint in err


def test_the_end_of_a_connection_is_an_error():
    """But for an attempt that is made again at once, without the options that it was refused for."""
    again = Disconnected(reason="HTTP 400 Bad Request", code=400)
    _check(again, URL, connected=False)
    for ended, connected, told in (
        (Disconnected(reason="HTTP 503 Busy", code=503, retry_seconds=1.0), False, "refuses the connection"),
        (Disconnected(reason="nobody", retry_seconds=1.0), False, "cannot connect (nobody)"),
        (Disconnected(reason="slow", code=1013), True, "the server closed the connection (1013)"),
    ):
        with pytest.raises(ConfigError, match=re.escape(told)):
            _check(ended, URL, connected=connected)


def test_a_server_that_is_not_there_is_the_operators_mistake(capsys):
    """One line, exit code 2."""
    for dialect in ("rails", "tradyn"):
        assert main(["verify", "ws://127.0.0.1:9", "--dialect", dialect, "--seconds", "2.5"]) == 2
        assert capsys.readouterr().err.startswith("feed: ws://127.0.0.1:9")
