"""Secrets are blotted out of messages, wherever a client has put them, and of nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.server.redaction import _RANDOM, _URL, REDACTED, SHAPES, Redactor, unsuspicious

KNOWN = {"hunter2-hunter2", "tk_live_a1b2c3d4e5f6"}
KEY = "tk_live_a1b2c3d4e5f6"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def redactor():
    return Redactor(KNOWN.__contains__)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ('{"type":"auth","apiKey":"wrong but private"}', '{"type":"auth","apiKey":"[key]"}'),
        ('{"op": "subscribe",\n "API_KEY" : "x"}', '{"op": "subscribe",\n "API_KEY" : "[key]"}'),
        ('{"action":"auth","key":["a",{"b":"c"}]}', '{"action":"auth","key":["[key]",{"b":"[key]"}]}'),
        ('{"otp":"123456","price":"7"}', '{"otp":"[key]","price":"7"}'),
        ('{"auth":{"secret":12345.50}}', '{"auth":{"secret":"[key]"}}'),
        ('{"channels":["hunter2-hunter2"]}', '{"channels":["[key]"]}'),
        ('{"hunter2-hunter2":1}', '{"[key]":1}'),
        (r'{"channels":["hunter2\u002dhunter2"]}', '{"channels":["[key]"]}'),
        (r'{"api\u004bey":"private"}', r'{"api\u004bey":"[key]"}'),
        ('{"apiKey":"first","apiKey":"second"}', '{"apiKey":"[key]","apiKey":"[key]"}'),
        (r'{"symbol":"t\u006b_live_nobody"}', '{"symbol":"[key]"}'),
        (f'{{"symbol":"my key is {KEY}, see"}}', '{"symbol":"my key is [key], see"}'),
        (f'{{"x":"Bearer {TOKEN}"}}', '{"x":"Bearer [key]"}'),
        (f'{{"x":"{TOKEN}"}}', '{"x":"[key]"}'),
        (f'{{"x":"{"0123456789abcdef" * 4}"}}', '{"x":"[key]"}'),
        ('{"url":"https://me:pw@hooks.example.com/T1/B2?c=3"}', '{"url":"https://hooks.example.com/[key]"}'),
        (f'"{KEY}"', '"[key]"'),
    ],
)
def test_a_secret_is_blotted_out(redactor, message, kept):
    """By the name of its field, by its shape, or because the server knows it; escapes hide nothing."""
    assert redactor.message(message) == kept


@pytest.mark.parametrize(
    "message",
    [
        '{ "type":"subscribe", "channels":["ticker_btcusd"] }',
        '{"price":1e400,"size":-0.10,"id":123456789012345678901234567890,"x":NaN}',
        '{"market":"BTC-USD","matchId":"0835bf3e-4a20-41f0-908d-8213f2b7a285","pos":"12345-deadbeef"}',
        '{"orderId":"01J9ZK3N8Q4W5E6R7T8Y9V0ABC","ts":1755440731125,"checksum":2334195820}',
        r'{"narrative":"Große Käufe \u00fcber 1\u202f000\u202f000 $"}',
        "[]",
        "7",
    ],
)
def test_all_else_stays_as_it_was_written(redactor, message):
    """To the letter: spaces, escapes, and numbers of any spelling."""
    assert redactor.message(message) == message


@pytest.mark.parametrize("text", ['{"apiKey":"hunter2-hunter2"', "", "key=hunter2-hunter2", "[" * 60_000])
def test_what_is_no_json_is_not_kept(redactor, text):
    """There is no telling what is secret in it."""
    assert redactor.message(text) is None


def test_a_secret_that_was_shown_is_blotted_out_of_the_answer(redactor):
    """Even where the answer shows the beginning of it alone."""
    redactor.message('{"key":"correct horse battery"}')
    redactor.message('{"channels":["hunter2-hunter2"]}')
    answer = json.dumps({"message": "Unknown: correct horse battery, hunter2-hun..."})
    assert redactor.message(answer) == '{"message": "Unknown: [key], [key]"}'


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/?key=anything&x=1", "/?key=[key]&x=1"),
        ("/market/ws?apiKey=a%20b", "/market/ws?apiKey=[key]"),
        ("/ws?symbol=hunter2-hunter2", "/ws?symbol=[key]"),
        ("/ws?symbol=hunter2%2Dhunter2", "/ws?symbol=[key]"),
        ("/ws?symbol=hunter2%252Dhunter2", "/ws?symbol=[key]"),
        (f"/{KEY}/x?y={KEY[:12]}", "/[key]/x?y=[key]"),
        (f"/rails?token={TOKEN}", "/rails?token=[key]"),
        ("/v1/market/ticker?symbol=BTC-USD", "/v1/market/ticker?symbol=BTC-USD"),
    ],
)
def test_a_secret_in_a_url_is_blotted_out(redactor, target, kept):
    """In the path and in parameters, percent-encoded or not."""
    assert redactor.target(target) == kept


def test_what_is_remembered_is_bounded(redactor):
    """A client that shows ever new secrets is remembered for the last few; all are blotted out."""
    for n in range(1000):
        assert "private" not in redactor.message(json.dumps({"key": f"{n:04} private"}))
    assert len(redactor._shown) <= 8


@given(st.text() | st.from_regex(r"([a-z]{2}_live_|bearer |key=|https://x/|sign|eyJ)?[A-Za-z0-9_./ ]{0,40}"))
def test_a_cheap_look_misses_nothing(text):
    """What looks like no secret at a glance is blotted out of nothing, as a text and as a message."""
    if unsuspicious(text):
        redactor = Redactor(lambda _: False)
        assert redactor.message(json.dumps({text: text})) == json.dumps({text: text})
        assert redactor.words(text) == _URL.sub("", SHAPES.sub("", _RANDOM.sub("", text)))


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(values, st.sampled_from(["apiKey", "token", "x_secret", "PASSPHRASE"]), st.text(min_size=3))
def test_any_message_can_be_kept_and_shows_no_secret(value, name, secret):
    """Whatever stands around it: the rest decodes to what it was, and the secret is gone."""
    message = json.dumps({"before": 1, "inner": {name: "\x00" + secret, "after": 2}, "value": value})
    kept = Redactor(KNOWN.__contains__).message(message)
    assert json.loads(kept)["inner"] == {name: REDACTED, "after": 2}
    assert json.loads(kept)["before"] == 1
