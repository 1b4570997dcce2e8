"""Symbols in any spelling, times as clients read them, and what is said of messages that are wrong."""

import json
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.analytics.pairs import pair_name, pairs
from feed.dialects.contract import HandshakeRefusal, Reply, Subscribe
from feed.dialects.discovery import dialects
from feed.dialects.messages import clip, message, parse, quoted, request, unknown
from feed.dialects.times import iso, milliseconds
from feed.errors import ProtocolError
from feed.model.instruments import Instrument, Listing
from feed.model.symbols import plain, symbols
from feed.server.http.context import RequestContext
from feed.sim.defaults import default_market
from feed.state.market_state import MarketState


def listing(*names):
    return Listing(
        Instrument(symbol=name, base=name, quote="USD", price_decimals=2, size_decimals=0) for name in names
    )


@pytest.mark.parametrize(
    "name", ["BTC-USD", "BTC/USD", "BTC_USD", "BTCUSD", "btcusd", "btc-usd", "BTC/USDT", "btcusdt"]
)
def test_one_instrument_by_any_of_its_names(name):
    """Neither case nor sign counts, and the market's one dollar is any dollar."""
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


def test_a_dollar_is_a_dollar_at_every_venue():
    """Where nothing is listed in USDT, also in front of a venue; where anything is, nowhere."""
    one = symbols(listing("BTC-USD", "BTC-USD@kraken"))
    assert [one.index(name) for name in ("BTC/USDT@kraken", "btcusdt@KRAKEN", "btc/usdt")] == [1, 1, 0]
    two = symbols(listing("BTC-USD", "ETH-USDT"))
    assert [two.index(name) for name in ("BTC/USD", "BTC/USDT", "ETH/USDT", "ETH/USD")] == [0, None, 1, None]


def test_the_venue_of_the_first_one_may_be_told():
    """Of a listed name and its venue; a symbol that is listed so comes first, another venue is another."""
    venues = Listing(
        Instrument(symbol=symbol, base="BTC", quote=quote, price_decimals=2, size_decimals=0, venue=venue)
        for symbol, quote, venue in (
            ("BTC-USD", "USD", "coinbase"),
            ("BTC-USDT", "USDT", "binance"),
            ("BTC-USD@kraken", "USD", "kraken"),
        )
    )
    asked = ("BTC/USD@coinbase", "btcusdt@binance", "BTC-USD@kraken", "BTC-USD@binance", "BTC-USDT@kraken")
    assert [symbols(venues).index(name) for name in asked] == [0, 1, 2, None, None]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("BTC-USB", ["BTC-USD"]),
        ("XYZ-USD", []),
        ("BTC", ["BTC-USD"]),
        ("EURSUD", ["EURUSD"]),
        ("eur", ["EURUSD"]),
        ("PEPE", []),
        ("", []),
        ("x" * 10_000, []),
    ],
)
def test_names_that_are_near(name, near):
    """The nearest first; nothing where nothing is like it."""
    assert symbols(listing("EURUSD", "GBPUSD", "BTC-USD", "BTC-USD@kraken")).near(name) == near


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("BTC-USD@binance", "BTC-USDT"),
        ("BTC-USDT@kraken", "BTC-USD@kraken"),
        ("PEPE-USDT@coinbase", "PEPE-USD"),
        ("DOGE-USD@krakn", "DOGE-USD@kraken"),
        ("BNB-USD", "BNB-USDT"),
    ],
)
def test_a_name_with_its_venue_is_compared_with_those_of_that_venue(name, near):
    """Also where the symbol does without the venue."""
    assert symbols(default_market().listing()).near(name)[0] == near


MARKETS = [
    default_market().listing(),
    default_market(20).listing(),
    Listing(
        Instrument(symbol=name, base=base, quote=quote, price_decimals=2, size_decimals=0)
        for name, base, quote in (
            ("BTC-USD", "BTC", "USD"),
            ("ETHUSD", "ETH", "USD"),
            ("USDJPY", "USD", "JPY"),
        )
    ),
]


@st.composite
def spelled(draw):
    """A listing, an index in it, and one of the ways to spell that instrument."""
    found = draw(st.sampled_from(MARKETS))
    index = draw(st.integers(0, len(found) - 1))
    item = found[index]
    base, quote, rest = item.base, item.quote, plain(item.symbol).removeprefix(plain(item.base + item.quote))
    parts = [base, quote, rest] if plain(item.symbol) == plain(base + quote) + rest else [item.symbol]
    one_dollar = not any(other.quote == "USDT" for other in found)
    if len(parts) == 3 and quote == "USD" and item.asset_class == "crypto" and one_dollar:
        parts[1] = draw(st.sampled_from(["USD", "USDT"]))
    sign = draw(st.sampled_from(["", "-", "/", "_"]))
    name = sign.join(parts[:2]) + "".join(parts[2:])
    if len(parts) == 1:
        name = name.replace("-", sign)
    return found, index, draw(st.sampled_from([str, str.lower, str.upper, str.title]))(name)


def heard(actions):
    """The instruments that are listened to, and what is said."""
    topics = [topic for a in actions if isinstance(a, Subscribe) for topic in a.topics]
    return [t.instrument for t in topics if t.channel != "heartbeat"], [
        json.loads(a.text) for a in actions if isinstance(a, Reply)
    ]


@given(case=spelled())
def test_every_spelling_names_its_instrument_in_every_protocol(support, case):
    """By WebSocket and by REST; what is answered names it as the protocol writes it."""
    found, index, name = case
    symbol = found[index].symbol
    context = attrs.evolve(support.with_listing(found), market_state=lambda: MarketState(len(found)))

    def ask(protocol, *requests, **query):
        opening = support.sample(protocol).OPENING
        session = dialects()[protocol].session(
            attrs.evolve(opening, query={**opening.query, **query}), context
        )
        actions = [*session.open(), *(a for r in requests for a in session.receive(json.dumps(r)))]
        return heard(actions)

    assert symbols(found).index(name) == index
    if "securitypro" in dialects():
        topics, said = ask(
            "securitypro", {"op": "subscribe", "channel": "ticker", "symbol": name, "apiKey": "good key"}
        )
        assert topics == [index]
        assert said[0]["subscription"]["symbol"] == symbol

    if "tradyn" in dialects():
        requests = [{"type": kind, "symbols": [name, symbol]} for kind in ("subscribe", "unsubscribe")]
        topics, said = ask("tradyn", {"type": "auth", "apiKey": "good key"}, *requests)
        assert topics == [index]
        lists = [(m["symbols"], m["totalSubscriptions"]) for m in said[-2:]]
        assert lists == [([symbol], 1), ([symbol], 0)]

    if "guide" in dialects():
        topics, said = ask("guide", {"type": "subscribe", "channels": [f"book_{name}"]})
        assert topics == [index]
        assert said[0]["channels"] == [f"book_{plain(symbol)}"]

    if "marketai" in dialects():
        topics, said = ask(
            "marketai",
            {"action": "auth", "key": "good key"},
            {"action": "subscribe", "channels": [{"type": "trades", "symbols": [name]}]},
        )
        assert said[-1]["symbols"] == [pair_name(found[index])]
        traded = pairs(found)[pair_name(found[index])]
        assert topics == [*traded.spot, *traded.perpetuals]

    if "rails" in dialects():
        assert ask("rails", market=name, subscriptions="publicTrades")[0] == [index]
        asked = {"message": "emitPublicOrderBook", "content": {"market": name}}
        _, said = ask("rails", asked, market="ALL")
        assert said[0]["market"] == symbol

    site = attrs.make_class("S", ["listing"])(found)
    assert RequestContext.instrument(site, name) == (index, found[index])


@pytest.mark.parametrize(
    ("protocol", "requests", "query", "sentence"),
    [
        pytest.param(name, *case, marks=pytest.mark.protocols(name))
        for name, *case in (
            (
                "securitypro",
                [{"op": "subscribe", "channel": "ticker", "symbol": "BTC-USB", "apiKey": "good key"}],
                {},
                "Unknown symbol: BTC-USB; did you mean BTC-USD?",
            ),
            (
                "tradyn",
                [
                    {"type": "auth", "apiKey": "good key"},
                    {"type": "subscribe", "symbols": ["EURUSB", "GBPUSB"]},
                ],
                {},
                "Unknown symbol(s): EURUSB, GBPUSB; did you mean EURUSD or GBPUSD?",
            ),
            (
                "guide",
                [{"type": "subscribe", "channels": ["ticker_btcusb"]}],
                {},
                "Unknown channel(s): ticker_btcusb; did you mean ticker_btcusd?",
            ),
            (
                "marketai",
                [
                    {"action": "auth", "key": "good key"},
                    {"action": "subscribe", "channels": [{"type": "quotes", "symbols": ["BTC/USDQ"]}]},
                ],
                {},
                "Unknown symbol(s): BTC/USDQ; did you mean BTC/USDT?",
            ),
            ("rails", [], {"market": "BTC-USB"}, "Unknown market: BTC-USB; did you mean BTC-USD?"),
            (
                "rails",
                [{"message": "emitPublicOrderBook", "content": {"market": "BTC-USB"}}],
                {"market": "ALL"},
                "Unknown market: BTC-USB; did you mean BTC-USD?",
            ),
        )
    ],
)
def test_an_unknown_name_gets_near_ones_in_every_protocols_own_words(
    support, protocol, requests, query, sentence
):
    """As the protocol writes them; and the connection stays."""
    opening = support.sample(protocol).OPENING
    session = dialects()[protocol].session(
        attrs.evolve(opening, query={**opening.query, **query}), support.context
    )
    if isinstance(session, HandshakeRefusal):
        said = json.loads(session.body)
    else:
        said = heard([action for one in requests for action in session.receive(json.dumps(one))])[1][-1]
    said = said.get("data", said)
    assert said.get("message", said.get("body")) == sentence


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
    near = {1: ["B"], 2: ["B", "C"], 3: ["B", "C", "D"], 4: list("BCDE")}
    assert [unknown("symbol", ["A"], lambda _, most, n=n: near[n])[17:] for n in near] == [
        "; did you mean B?",
        "; did you mean B or C?",
        "; did you mean B, C or D?",
        "; did you mean B, C or D?",
    ]
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
