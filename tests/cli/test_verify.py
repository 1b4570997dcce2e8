"""``feed verify``: alike is alike, and the first difference is named."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.cli.handshakes import Caller, usual
from feed.cli.main import main
from feed.cli.transcripts import Verdict, compare, line
from feed.cli.verify import refusal
from feed.dialects.discovery import dialects, handshake, with_handshake


def lines(*seqs, greeted=()):
    """Messages with these numbers, None for one without; ``greeted`` came as an answer or a snapshot."""
    texts = [json.dumps({"seq": seq} if seq is not None else {"beat": True}) for seq in (*greeted, *seqs)]
    return [line(text, settled=at >= len(greeted)) for at, text in enumerate(texts)]


def test_what_all_have_heard_is_compared():
    """From where the last had joined to where the first ended; greetings differ and do not count."""
    first = lines(1, 2, 3, None, 4, 5, 6)
    late = lines(3, None, 4, 5, greeted=(1, 2))
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


def test_nothing_in_common_is_no_agreement():
    """Two connections that never listened at the same time prove nothing."""
    assert "nothing to compare" in compare([lines(1, 2), lines(8, 9, greeted=(7,))]).difference
    assert "nothing to compare" in compare([[], []]).difference


@given(st.lists(st.integers(1, 50), min_size=3).map(sorted), st.data())
def test_one_changed_message_is_found(seqs, data):
    """Wherever it stands between the first and the last number."""
    inside = [at for at, seq in enumerate(seqs) if seq < seqs[-1]]
    if not inside:
        return
    at = data.draw(st.sampled_from(inside))
    changed = lines(*seqs)
    changed[at] = line(json.dumps({"seq": seqs[at], "x": 1}), settled=True)
    assert compare([lines(*seqs), lines(*seqs)]).digest
    assert compare([lines(*seqs), changed]).difference


def test_every_greeting_is_of_a_protocol_that_exists():
    """And those that need no token are made without asking anybody."""
    assert set(with_handshake()) == set(dialects())
    assert usual() == "rails"
    caller = Caller(url="ws://127.0.0.1:1/?x=1", key="k", secret="s", symbol="BTC-USD")
    for name in ("guide", "securitypro", "tradyn"):
        assert handshake(name, "BTC-USD", "k").messages
    assert caller.address("/rails", {"market": "BTC-USD"}) == "ws://127.0.0.1:1/rails?market=BTC-USD&x=1"


def test_a_refusal_is_told_in_the_words_of_the_server():
    """Not as Python writes an exception."""
    body = b'{"statusCode":400,"body":"Unknown market: NOPE"}'
    told = 'the server refuses the connection (HTTP 400: {"statusCode":400,"body":"Unknown market: NOPE"})'
    assert refusal(400, body) == told
    assert refusal(503, None) == "the server refuses the connection (HTTP 503)"
    assert len(refusal(500, b"x" * 10**6)) < 400


def test_a_server_that_is_not_there_is_the_operators_mistake(capsys):
    """One line, exit code 2."""
    for dialect in ("rails", "tradyn"):
        assert main(["verify", "ws://127.0.0.1:9", "--dialect", dialect, "--seconds", "2.5"]) == 2
        assert capsys.readouterr().err.startswith("feed: ws://127.0.0.1:9")
