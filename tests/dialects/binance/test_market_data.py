"""What is answered of books and trades: a function of the market's events alone."""

from contextlib import suppress

import pytest
from binance_market import BTC, DOGE, MINUTE, MS, NOON, SECOND, Exchange
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.dialects.binance.errors import BinanceError
from feed.dialects.binance.views import TimeUnit
from feed.model.events import STATUS, Status


@pytest.fixture
def exchange():
    """Two levels on each side of BTCUSDT, best first, and one of DOGEUSDT."""
    it = Exchange()
    for order, (side, price, size) in enumerate(
        [(1, 6_425_002, 300), (0, 6_425_000, 200), (0, 6_424_999, 50), (1, 6_425_005, 10)], 1
    ):
        it.add(BTC, side, price, size, order=order)
    it.add(DOGE, 0, 15_200, 7, order=9)
    it.quote(BTC, 6_425_000, 6_425_002, bid_size=200, ask_size=300)
    return it


def refused(exchange, path, query):
    with pytest.raises(BinanceError) as problem:
        exchange.ask(path, query)
    return problem.value.number, problem.value.message


# -- books --------------------------------------------------------------------------------------------


def test_a_book_is_told_with_the_id_of_its_last_change(exchange):
    """Best first, eight decimals; what happens to other symbols changes no id."""
    book = {
        "lastUpdateId": 4,
        "bids": [["64250.00000000", "0.00200000"], ["64249.99000000", "0.00050000"]],
        "asks": [["64250.02000000", "0.00300000"], ["64250.05000000", "0.00010000"]],
    }
    assert exchange.ask("depth", "symbol=BTCUSDT") == book
    assert list(exchange.ask("depth", "symbol=BTCUSDT")) == list(book)
    exchange.add(DOGE, 0, 15_199, 7, order=10)
    assert exchange.ask("depth", "symbol=BTCUSDT") == book
    exchange.reduce(BTC, 0, 6_425_000, 0, 0, order=2)
    assert exchange.ask("depth", "symbol=BTCUSDT&limit=1") == {
        "lastUpdateId": 8,
        "bids": [["64249.99000000", "0.00050000"]],
        "asks": [["64250.02000000", "0.00300000"]],
    }


@pytest.mark.parametrize(
    ("query", "weight"),
    [
        ("", 5),
        ("limit=1", 5),
        ("limit=100", 5),
        ("limit=101", 25),
        ("limit=500", 25),
        ("limit=1000", 50),
        ("limit=1001", 250),
        ("limit=99999999999999999999", 250),
        ("limit=many", 5),
        ("limit=\u00b2", 5),
    ],
)
def test_a_deep_book_weighs_more(exchange, query, weight):
    """As published, whether the request is good or not."""
    assert exchange.weight("depth", f"symbol=BTCUSDT&{query}") == weight


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", (-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")),
        ("symbol=", (-1105, "Parameter 'symbol' was empty.")),
        ("symbol=SOLUSDT", (-1121, "Invalid symbol.")),
        (
            "symbol=BTCUSDT&limit=-1",
            (-1100, "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'."),
        ),
        (
            "symbol=BTCUSDT&limit=1e3",
            (-1100, "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'."),
        ),
        ("symbol=BTCUSDT&limit=0", (-1130, "Data sent for parameter 'limit' is not valid.")),
        ("symbol=BTCUSDT&limit=", (-1105, "Parameter 'limit' was empty.")),
        ("symbol=BTCUSDT&limit=99999999999999999999", (-1108, "Parameter 'limit' overflowed.")),
        (
            "symbol=BTCUSDT&limit=5&fromId=1&x=2",
            (-1101, "Too many parameters; expected '3' and received '4'."),
        ),
        (
            "symbol=BTCUSDT&fromId=1",
            (-1104, "Not all sent parameters were read; read '1' parameter(s) but was sent '2'."),
        ),
        (
            "symbol=BTCUSDT&symbolStatus=HALT",
            (-1220, "The symbol's status does not match the requested symbolStatus."),
        ),
        ("symbol=BTCUSDT&symbolStatus=halt", (-1122, "Invalid symbolStatus.")),
    ],
)
def test_what_cannot_be_asked_of_a_book(exchange, query, problem):
    """The exchange's own code and words; more levels than there are may be asked for."""
    assert refused(exchange, "depth", query) == problem
    assert exchange.ask("depth", "symbol=BTCUSDT&limit=9999")["lastUpdateId"] == 4


def test_best_prices_of_one_of_some_and_of_all(exchange):
    """An object, or an array in the exchange's order; zeros where there is nothing."""
    btc = {
        "symbol": "BTCUSDT",
        "bidPrice": "64250.00000000",
        "bidQty": "0.00200000",
        "askPrice": "64250.02000000",
        "askQty": "0.00300000",
    }
    doge = {
        "symbol": "DOGEUSDT",
        "bidPrice": "0.15200000",
        "bidQty": "7.00000000",
        "askPrice": "0.00000000",
        "askQty": "0.00000000",
    }
    path = "ticker/bookTicker"
    assert exchange.ask(path, "symbol=BTCUSDT") == btc
    assert exchange.ask(path) == [btc, doge]
    assert exchange.ask(path, 'symbols=["DOGEUSDT","BTCUSDT"]') == [btc, doge]
    assert exchange.ask(path, 'symbols=["DOGEUSDT"]') == [doge]
    exchange.apply((STATUS, DOGE, NOON, Status.HALTED))
    assert exchange.ask(path, "symbolStatus=TRADING") == [btc]
    assert exchange.ask(path, 'symbols=["DOGEUSDT","BTCUSDT"]&symbolStatus=HALT') == [doge]
    assert [exchange.weight(path, query) for query in ("symbol=BTCUSDT", "", "symbols=[]")] == [2, 4, 4]


@pytest.mark.parametrize(
    ("status", "word"), [(Status.AUCTION, "AUCTION_MATCH"), (Status.CLOSED, "END_OF_DAY")]
)
def test_a_symbol_that_is_not_traded_at_once_says_so(exchange, status, word):
    """In the list of all, in the words of the exchange."""
    exchange.apply((STATUS, DOGE, NOON, status))
    assert exchange.ask("exchangeInfo", "symbol=DOGEUSDT")["symbols"][0]["status"] == word


def test_a_source_without_a_book_is_taken_at_its_word():
    """Its quotes are the best prices; what it says of no quantity is none."""
    it = Exchange()
    it.quote(BTC, 100, 101, bid_size=-1, ask_size=3)
    found = it.ask("ticker/bookTicker", "symbol=BTCUSDT")
    assert (found["bidPrice"], found["bidQty"]) == ("1.00000000", "0.00000000")
    assert (found["askPrice"], found["askQty"]) == ("1.01000000", "0.00003000")
    assert it.ask("depth", "symbol=BTCUSDT") == {"lastUpdateId": 0, "bids": [], "asks": []}


@pytest.mark.parametrize(
    "symbols", ['["BTCUSDT", "DOGEUSDT"]', '["btcusdt"]', '["BTCUSDT",]', "[1]", '["BTCUSDT"', '[""]', "[[]]"]
)
def test_a_list_of_symbols_has_one_form(exchange, symbols):
    """No blanks, as the exchange has it; an empty one names none."""
    number, message = refused(exchange, "ticker/price", f"symbols={symbols}")
    assert number == -1100
    assert message.startswith("Illegal characters found in parameter 'symbols'; legal range is '^")
    assert exchange.ask("ticker/price", "symbols=[]") == []


# -- trades -------------------------------------------------------------------------------------------


def test_trades_are_told_oldest_first():
    """The newest as many as are asked for; who rested is told by the side of the taker."""
    it = Exchange()
    for number in range(3):
        it.trade(BTC, 100 + number, 5, side=number % 2, ts=NOON + number * MS + 999)
    rows = [
        {
            "id": number + 1,
            "price": f"1.0{number}000000",
            "qty": "0.00005000",
            "quoteQty": f"0.0000{500 + 5 * number}0",
            "time": NOON // MS + number,
            "isBuyerMaker": number == 1,
            "isBestMatch": True,
        }
        for number in range(3)
    ]
    assert it.ask("trades", "symbol=BTCUSDT") == rows
    assert it.ask("trades", "symbol=BTCUSDT&limit=2") == rows[1:]
    assert it.ask("historicalTrades", "symbol=BTCUSDT&limit=2") == rows[1:]
    assert it.ask("historicalTrades", "symbol=BTCUSDT&fromId=1&limit=2") == rows[:2]
    assert it.ask("historicalTrades", "symbol=BTCUSDT&fromId=4") == []
    assert it.ask("trades", "symbol=DOGEUSDT") == []
    exact = it.ask("trades", "symbol=BTCUSDT&limit=1", unit=TimeUnit.MICROSECOND)
    assert exact[0]["time"] == NOON // 1000 + 2000


def test_what_one_order_takes_at_one_price_is_one_aggregate():
    """Other prices, other takers and other symbols make others."""
    it = Exchange()
    for price, taker in ((100, 7), (100, 7), (101, 7), (101, 8)):
        it.trade(BTC, price, 5, taker=taker, side=1)
    assert it.ask("aggTrades", "symbol=BTCUSDT") == [
        {
            "a": a,
            "p": p,
            "q": q,
            "f": f,
            "l": last,
            "T": NOON // MS,
            "m": True,
            "M": True,
        }
        for a, p, q, f, last in (
            (1, "1.00000000", "0.00010000", 1, 2),
            (2, "1.01000000", "0.00005000", 3, 3),
            (3, "1.01000000", "0.00005000", 4, 4),
        )
    ]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("limit=2", [4, 5]),
        ("fromId=2&limit=2", [2, 3]),
        ("fromId=6", []),
        ("startTime={0}&limit=2", [1, 2]),
        ("startTime={2}", [3, 4, 5]),
        ("endTime={2}&limit=2", [2, 3]),
        ("startTime={1}&endTime={3}&limit=2", [2, 3]),
        ("startTime={1}&endTime={3}", [2, 3, 4]),
        ("startTime={5}", []),
        ("startTime={1}000&endTime={1}999", [2]),
        ("startTime={1}000&endTime={1}600", []),
    ],
)
def test_aggregates_are_found_by_id_and_by_time(query, ids):
    """Both ends included, in milliseconds or microseconds; from a start the oldest, else the newest."""
    it = Exchange()
    times = [NOON + second * SECOND + 700_000 for second in range(6)]
    for ts in times[:5]:
        it.trade(BTC, 100, 5, ts=ts)
    query = query.format(*(ts // MS for ts in times))
    assert [one["a"] for one in it.ask("aggTrades", f"symbol=BTCUSDT&{query}")] == ids


@pytest.mark.parametrize("query", ["fromId=1&startTime=1", "fromId=1&endTime=1", "startTime=2&endTime=1"])
def test_what_aggregates_cannot_be_found_by(query):
    """An id and a time at once, or a time that ends before it begins."""
    problem = (-1128, "Combination of optional parameters invalid.")
    assert refused(Exchange(), "aggTrades", f"symbol=BTCUSDT&{query}") == problem


def test_only_so_many_trades_are_kept():
    """What is older is not told any more."""
    it = Exchange(most_trades=3)
    for number in range(5):
        it.trade(BTC, 100 + number, 5)
    assert [one["id"] for one in it.ask("historicalTrades", "symbol=BTCUSDT&fromId=1")] == [3, 4, 5]
    assert [one["a"] for one in it.ask("aggTrades", "symbol=BTCUSDT&fromId=1")] == [3, 4, 5]


# -- prices -------------------------------------------------------------------------------------------


def test_the_price_is_that_of_the_last_trade():
    """0 before the first one, as of a pair that was just listed."""
    it = Exchange()
    it.trade(BTC, 6_425_000, 5)
    btc, doge = (
        {"symbol": "BTCUSDT", "price": "64250.00000000"},
        {"symbol": "DOGEUSDT", "price": "0.00000000"},
    )
    assert it.ask("ticker/price", "symbol=BTCUSDT") == btc
    assert it.ask("ticker/price") == [btc, doge]
    assert [it.weight("ticker/price", query) for query in ("symbol=BTCUSDT", "")] == [2, 4]


def test_the_average_price_is_weighted_over_five_minutes():
    """By quantity; where there was no trade for so long it is the last price."""
    it = Exchange()
    it.clock(NOON)
    assert it.ask("avgPrice", "symbol=BTCUSDT") == {
        "mins": 5,
        "price": "0.00000000",
        "closeTime": NOON // MS,
    }
    for minutes, price, size in ((0, 1000, 9), (1, 100, 1), (5, 200, 3)):
        it.trade(BTC, price, size, ts=NOON + minutes * MINUTE)
    assert it.ask("avgPrice", "symbol=BTCUSDT") == {
        "mins": 5,
        "price": "1.75000000",
        "closeTime": (NOON + 5 * MINUTE) // MS,
    }
    it.clock(NOON + 20 * MINUTE)
    assert it.ask("avgPrice", "symbol=BTCUSDT")["price"] == "2.00000000"


# -- whatever is asked --------------------------------------------------------------------------------

NAMES = st.sampled_from(["symbol", "symbols", "limit", "fromId", "startTime", "endTime", "symbolStatus", "x"])
VALUES = st.one_of(
    st.text(max_size=5),
    st.integers().map(str),
    st.sampled_from(["BTCUSDT", '["BTCUSDT"]', "[", "[" * 3000, "\ud800", "TRADING", "\u0663"]),
)
PATHS = [
    "ping",
    "time",
    "exchangeInfo",
    "depth",
    "trades",
    "historicalTrades",
    "aggTrades",
    "avgPrice",
    "ticker/price",
    "ticker/bookTicker",
]


@pytest.mark.parametrize("path", PATHS)
@settings(max_examples=25)
@given(sent=st.lists(st.tuples(NAMES, VALUES), max_size=4))
def test_every_request_is_answered_or_refused(path, sent):
    """Nothing that is sent raises anything else, and a weight is counted for all of it."""
    exchange = Exchange()
    exchange.trade(BTC, 6_425_000, 5)
    (question,) = [one for one in exchange.questions() if one.path == f"/api/v3/{path}"]
    assert question.weight(sent) > 0
    with suppress(BinanceError):
        question.ask(exchange.view(), sent, TimeUnit.MILLISECOND)
