"""Symbols in any spelling, times as clients read them, and what is said of messages that are wrong."""

from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.messages import clip, message, parse, quoted, request, unknown
from feed.dialects.symbols import plain, symbols
from feed.dialects.times import iso, milliseconds
from feed.errors import ProtocolError
from feed.model.instruments import Instrument, Listing


def listing(*names):
    return Listing(
        Instrument(symbol=name, base=name, quote="USD", price_decimals=2, size_decimals=0) for name in names
    )


@pytest.mark.parametrize(
    "name", ["BTC-USD", "BTC/USD", "BTC_USD", "BTCUSD", "btcusd", "btc-usd", "BTC/USDT", "btcusdt"]
)
def test_one_instrument_by_any_of_its_names(name):
    """Neither case nor sign counts, and the market's dollar is any dollar."""
    assert symbols(listing("EURUSD", "BTC-USD")).index(name) == 1


@pytest.mark.parametrize(
    "name", ["", "BTC", "BTC-EUR", "USDT", "BTC USD", "BTC-USD ", "btcusdtt", "x" * 10_000]
)
def test_other_names_name_none(name):
    """There is no guessing beyond that."""
    assert symbols(listing("EURUSD", "BTC-USD")).index(name) is None


def test_two_dollars_are_two_instruments_where_both_are_listed():
    """Then each is only itself."""
    found = symbols(listing("BTC-USD", "BTC-USDT"))
    assert [found.index(name) for name in ("btcusd", "BTC/USDT", "btc_usdt")] == [0, 1, 1]


def test_own_symbol_comes_first():
    """Two instruments whose plain names are equal are still found by their own."""
    found = symbols(listing("BTC-USD", "BTCUSD"))
    assert [found.index(name) for name in ("BTC-USD", "BTCUSD", "btcusd")] == [0, 1, 0]
    assert plain("BTC-USD") == plain("BTCUSD") == "btcusd"


@given(st.integers(0, 4_102_444_800_000))
def test_times_to_the_millisecond(ms):
    """ISO 8601 in UTC, always three digits, what is less than a millisecond dropped."""
    expected = datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)
    nanoseconds = ms * 1_000_000 + 999_999
    assert iso(nanoseconds) == expected.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert milliseconds(nanoseconds) == ms


def test_message_keeps_the_order_of_its_keys():
    """Compact, and not sorted."""
    assert message(type="x", b=1, a=[True, None, "é"]) == '{"type":"x","b":1,"a":[true,null,"é"]}'
    assert quoted('A"B') == '"A\\"B"'


def test_long_things_are_clipped():
    """What a client sent comes back in part at most."""
    assert clip("x" * 32) == "x" * 32
    assert clip("x" * 33) == "x" * 32 + "..."
    assert unknown("symbol", ["A"]) == "Unknown symbol: A"
    assert unknown("symbol(s)", [str(at) for at in range(12)]) == (
        "Unknown symbol(s): 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    )


@attrs.frozen
class Go:
    where: str
    stops: list[str] = attrs.field(factory=list)
    why: str | None = None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Invalid JSON"),
        ('{"op": "\ud800"}', "Invalid JSON"),
        ("[" * 100_000, "Invalid JSON"),
        ("[]", "Message must be a JSON object"),
        ("{}", "Missing or invalid field: op"),
        ('{"op": 1}', "Missing or invalid field: op"),
        ('{"op": "stop"}', "Unknown message op: stop"),
        ('{"op": "go"}', "Missing field in go: where"),
        ('{"op": "go", "where": 1}', "Invalid field in go: where must be a string"),
        ('{"op": "go", "where": "x", "stops": "x"}', "Invalid field in go: stops must be a list of strings"),
        ('{"op": "go", "where": "x", "why": 1}', "Invalid field in go: why must be a string"),
    ],
)
def test_what_is_wrong_with_a_message(text, complaint):
    """One sentence, the first thing that is."""
    with pytest.raises(ProtocolError) as problem:
        request(parse(text), "op", {"go": Go})
    assert problem.value.message == complaint


def test_request_is_read():
    """Fields that it does not have are passed over; null is none."""
    text = ' { "op" : "go", "where": "x", "stops": ["a", "b"], "why": null, "more": {} } '
    assert request(parse(text), "op", {"go": Go}) == Go("x", ["a", "b"])
