"""What the channels say: the document's own examples, to the byte where it has one."""

import json
from decimal import ROUND_HALF_UP, Decimal

import pytest

from feed.dialects.contract import UpgradeRequest
from feed.dialects.discovery import dialects
from feed.model.events import CLOCK, FUNDING, LIQUIDATION, ROUND, SIGNAL, TRADE, UNKNOWN
from feed.model.instruments import Contract, Instrument, Listing
from feed.model.stream_position import StreamPosition
from feed.model.topics import Topic
from feed.scenario.reader import read_scenario
from feed.scenario.shipped import find_scenario
from feed.server.run_spec import MARKETS
from feed.sim.script import ScriptedMarket

MS = 1_000_000
NOW = 1_708_776_300_000 * MS  # the time of the document's examples
MINUTE = 60_000 * MS


def instrument(symbol, venue, contract=Contract.SPOT, **changes):
    fields = {"price_decimals": 2, "size_decimals": 1} | changes
    return Instrument(symbol=symbol, base="BTC", quote="USD", venue=venue, contract=contract, **fields)


LISTING = Listing(
    [
        instrument("BTC-USD", "binance"),
        instrument("BTC-USD@kraken", "kraken"),
        instrument("BTC-PERP", "okx", Contract.PERPETUAL, underlying="BTC-USD"),
        instrument(
            "BTC-UP-1H",
            "polymarket",
            Contract.PREDICTION,
            underlying="BTC-USD",
            timeframe=60 * MINUTE,
            price_decimals=3,
            size_decimals=2,
        ),
    ]
)
FIRST, OTHER, PERP, UP = range(4)


@pytest.fixture
def stage(support):
    return support.Stage(LISTING)


def level(side, price, lots, *, at=FIRST, ts=NOW):
    return (4, at, ts, side, price, lots)


def trade(price, size, *, at=FIRST, ts=NOW, side=0, number=1, taker=9):
    return (TRADE, at, ts, number, side, price, size, 1, taker, UNKNOWN, UNKNOWN)


def clock(ts):
    return (CLOCK, 0, ts)


def heard(ear):
    return [json.loads(text) for text in ear.texts()]


def topic(channel, at=FIRST, **options):
    return Topic("marketai", channel, at, tuple(sorted(options.items())))


def test_published_trade(stage):
    """Section "trades", to the byte."""
    ear = stage.ear(topic("trades"))
    stage.publish([trade(6_745_000, 5, number=123_456)])

    assert ear.texts() == [
        (
            '{"type":"update","channel":"trades","ts":1708776300000,"data":{"exchange":"binance",'
            '"symbol":"BTC/USDT","price":"67450.00","quantity":"0.5","side":"buy","timestamp":1708776300000,'
            '"trade_id":"t123456","is_liquidation":false}}'
        )
    ]


def test_published_liquidation(stage):
    """Section "liquidations", to the byte but for its exchange; the trade is in both channels."""
    ear = stage.ear(topic("liquidations", PERP), topic("trades", PERP))
    stage.publish(
        [
            (LIQUIDATION, PERP, NOW, 77, 1, 6_700_000, 30),
            trade(6_720_000, 25, at=PERP, side=1, taker=77),
            trade(6_720_000, 1, at=PERP, side=1, taker=78),
        ]
    )

    liquidation, same, other = ear.texts()
    assert liquidation == (
        '{"type":"update","channel":"liquidations","ts":1708776300000,"data":{"exchange":"okx",'
        '"symbol":"BTC/USDT","side":"sell","price":"67200.00","quantity":"2.5",'
        '"timestamp":1708776300000,"notional_usd":"168000.00"}}'
    )
    assert [json.loads(text)["data"]["is_liquidation"] for text in (same, other)] == [True, False]


def test_published_funding(stage):
    """Section "funding", to the byte but for its exchange; and again for whoever comes later."""
    row = (FUNDING, PERP, NOW, 10_000, 12_000, 1_708_790_400_000 * MS)
    ear = stage.ear(topic("funding", PERP))
    stage.publish([row])
    late = stage.ear(topic("funding", PERP))

    assert (
        ear.texts()
        == late.texts()
        == [
            (
                '{"type":"update","channel":"funding","ts":1708776300000,"data":{"exchange":"okx",'
                '"symbol":"BTC/USDT","rate":0.0001,"next_funding_time":1708790400000,"predicted_rate":0.00012}}'
            )
        ]
    )


@pytest.mark.parametrize(("rate", "text"), [(1, "0.00000001"), (-12_345, "-0.00012345"), (0, "0")])
def test_rates_are_plain_decimals(stage, rate, text):
    """Never ``1e-08``."""
    ear = stage.ear(topic("funding", PERP))
    stage.publish([(FUNDING, PERP, NOW, rate, 10_000, NOW)])

    assert f'"rate":{text},' in ear.texts()[0]


def test_published_signal(stage):
    """Section "signals", to the byte but for its id."""
    ear = stage.ear(topic("signals"))
    stage.publish([(SIGNAL, FIRST, NOW, 12, 1, 3, 250_000_000, 0)])

    assert ear.texts() == [
        (
            '{"type":"update","channel":"signals","ts":1708776300000,"data":{"id":"sig_12",'
            '"signal_type":"whale_movement","symbol":"BTC/USDT","severity":"alert",'
            '"data":{"exchange":"binance","size_usd":2500000,"side":"buy"},"timestamp":1708776300000,'
            '"narrative":"Whale buy detected on Binance: $2.5M BTC market order"}}'
        )
    ]


def test_kline_is_partial_and_then_closed_once(stage):
    """Section "klines": its close time is its open time and a minute."""
    start = NOW - NOW % MINUTE
    ear = stage.ear(topic("klines", interval="1m"))
    stage.publish([trade(6_744_000, 50, ts=start + 1), clock(start + 1000 * MS)])
    stage.publish([trade(6_745_500, 50, ts=start + 2000 * MS), trade(6_743_500, 20, ts=start + 2001 * MS)])
    stage.publish([trade(6_745_000, 5, ts=start + 2002 * MS), clock(start + 3000 * MS)])
    stage.publish([clock(start + 4000 * MS), clock(start + MINUTE), clock(start + MINUTE + 1000 * MS)])
    late = stage.ear(topic("klines", interval="1m"))

    first, second, closed = ear.texts()
    assert [json.loads(text)["data"]["is_closed"] for text in (first, second)] == [False, False]
    assert closed == (
        f'{{"type":"update","channel":"klines","ts":{(start + MINUTE) // MS},"data":{{'
        '"exchange":"binance","symbol":"BTC/USDT","interval":"1m","open":"67440.00","high":"67455.00",'
        f'"low":"67435.00","close":"67450.00","volume":"12.5","open_time":{start // MS},'
        f'"close_time":{(start + MINUTE) // MS},"is_closed":true}}}}'
    )
    assert late.texts() == []  # the minute that goes on has no trade


def test_numbers_are_those_of_the_events(stage):
    """With ``ext=seq``: of the event, or of the last one before a look at the market."""
    stage.publish([level(0, 100, 5), level(1, 110, 5)])
    ears = [
        stage.ear(topic("trades", ext="seq")),
        stage.ear(topic("book", ext="seq")),
        stage.ear(topic("klines", ext="seq", interval="1m")),
    ]
    plain = stage.ear(topic("trades"))
    before = stage.hub.market_state.proof
    stage.publish([trade(105, 1)])
    after = stage.hub.market_state.proof
    stage.publish([clock(NOW + 1000 * MS)])

    trades, book, klines = map(heard, ears)
    assert [item["seq"] for item in trades] == [3]
    assert [item["seq"] for item in klines] == [3]
    assert [item["seq"] for item in book] == [2, 3]
    at = [StreamPosition(seq, proof).text for seq, proof in [(2, before), (3, after)]]
    assert [[item["pos"] for item in ear] for ear in (trades, klines, book)] == [at[1:], at[1:], at]
    assert plain.texts()[0][:-1] + f',"seq":3,"pos":"{trades[0]["pos"]}"}}' == ears[0].texts()[0]


def test_longer_klines_go_on_where_shorter_ones_close(stage):
    """Each interval by itself."""
    start = NOW - NOW % (5 * MINUTE)
    ear = stage.ear(topic("klines", interval="1m"), topic("klines", interval="5m"))
    for minute in range(6):
        ts = start + minute * MINUTE
        stage.publish([clock(ts), trade(6_745_000 + minute, 1, ts=ts + 1), clock(ts + 1000 * MS)])

    closed = [it["data"] for it in heard(ear) if it["data"]["is_closed"]]
    assert [(it["interval"], it["close"]) for it in closed] == [
        *(("1m", f"67450.0{minute}") for minute in range(5)),
        ("5m", "67450.04"),
    ]


def test_quote_is_of_all_venues(stage):
    """Section "quotes": the middle of each is exact, the global one their mean."""
    ear = stage.ear(topic("quotes"))
    rows = []
    for at, bid, ask in ((FIRST, 6_744_950, 6_745_080), (OTHER, 6_745_000, 6_745_050)):
        rows += [level(0, bid, 20, at=at), level(1, ask, 10, at=at), (5, at, NOW, bid, 20, ask, 10)]
    stage.publish([*rows, trade(6_745_000, 5), clock(NOW + 100 * MS)])
    stage.publish([clock(NOW + 200 * MS)])

    (message,) = heard(ear)
    assert message["ts"] == NOW // MS + 100
    assert message["data"] == {
        "symbol": "BTC/USDT",
        "global_mid": "67450.20",
        "global_vwap": "67450.00",
        "max_arb_bps": 0.0,
        "consensus_trend": "neutral",
        "exchanges": [
            {
                "exchange": "binance",
                "bid": "67449.50",
                "ask": "67450.80",
                "mid": "67450.15",
                "volume_24h": "0.5",
                "obi": 0.3333,
            },
            {
                "exchange": "kraken",
                "bid": "67450.00",
                "ask": "67450.50",
                "mid": "67450.25",
                "volume_24h": "0.0",
                "obi": 0.3333,
            },
        ],
    }


def test_book_is_told_in_figures(stage):
    """Section "book", with its prices; the spread is what they say it is."""
    rows = [level(0, 6_744_950 - 10 * n, 10) for n in range(10)] + [level(1, 6_745_080, 90)]
    rows.append(level(0, 6_700_000, 452))
    stage.publish([*rows, (5, FIRST, NOW, 6_744_950, 10, 6_745_080, 90)])
    ear = stage.ear(topic("book"))

    assert [message["data"] for message in heard(ear)] == [
        {
            "symbol": "BTC/USDT",
            "exchange": "binance",
            "best_bid": "67449.50",
            "best_ask": "67450.80",
            "mid_price": "67450.15",
            "spread_bps": 0.1927,
            "obi_5": -0.2857,
            "obi_10": 0.0526,
            "bid_depth_1pct": "55.2",
            "ask_depth_1pct": "9.0",
            "bid_walls": [{"price": "67000.00", "quantity": "45.2", "multiple_of_median": 45.2}],
            "ask_walls": [],
        }
    ]


def test_prediction_adds_up_to_one_and_is_settled(stage):
    """Section "polymarket": the middle of the book, the time that is left, and in the end who was right."""
    closes = NOW + 3300 * 1000 * MS
    opened = (ROUND, UP, NOW, closes - 60 * MINUTE, closes, 6_745_000, UNKNOWN)
    stage.publish(
        [opened, level(0, 540, 600_000, at=UP), level(1, 550, 600_000, at=UP), trade(545, 2_500_050, at=UP)]
    )
    ear = stage.ear(topic("polymarket", UP))
    stage.publish([(ROUND, UP, closes, closes - 60 * MINUTE, closes, 6_745_000, 1)])

    now, over, settled = heard(ear)
    assert now["data"] == {
        "coin": "BTC",
        "timeframe": "1h",
        "upPrice": "0.545",
        "downPrice": "0.455",
        "volume": "25000.50",
        "liquidity": "12000.00",
        "timeRemainingSeconds": 3300,
        "active": True,
    }
    assert over["data"]["timeRemainingSeconds"] == 0
    assert settled["data"] | {"upPrice": "1.000", "downPrice": "0.000", "active": False} == settled["data"]


def test_a_new_round_knows_nothing_of_the_one_before(stage):
    """Not its last price: while nobody quotes yet it is half. And what is over is not active."""
    closes = NOW + 10_000 * MS
    later = closes + 60 * MINUTE
    stage.publish(
        [(ROUND, UP, NOW, closes - 60 * MINUTE, closes, 6_745_000, UNKNOWN), trade(113, 100, at=UP)]
    )
    ear = stage.ear(topic("polymarket", UP))
    stage.publish([clock(closes - 1), clock(closes)])
    stage.publish([(ROUND, UP, closes, closes - 60 * MINUTE, closes, 6_745_000, 0)])
    stage.publish([(ROUND, UP, closes, closes, later, 6_740_000, UNKNOWN)])
    joined = stage.ear(topic("polymarket", UP))
    stage.publish([trade(480, 100, at=UP, ts=closes + 1), clock(closes + 5_000 * MS)])

    told = [message["data"] for message in heard(ear)]
    shown = [(it["upPrice"], it["timeRemainingSeconds"], it["active"]) for it in told]
    assert shown[0] == ("0.113", 10, True)
    assert shown[-4:] == [
        ("0.113", 0, False),  # the interval that ends with the round
        ("0.000", 0, False),  # settled
        ("0.500", 3600, True),
        ("0.480", 3595, True),
    ]
    (first, *_) = heard(joined)
    assert first["data"] == told[-2]


def test_a_simulated_round_goes_over_into_the_next(support):
    """No message says that something is active of which no time is left, and each new one begins at half."""
    length = 15 * MINUTE
    start = NOW - NOW % length + length - 10_000 * MS
    rows, listing = support.market(20, "BTC-USD", "BTC-UP-15M", start=start)
    ear = (stage := support.Stage(listing)).ear(topic("polymarket", listing.index("BTC-UP-15M")))
    stage.publish(rows)

    told = [message["data"] for message in heard(ear)]
    assert all((it["timeRemainingSeconds"] > 0) >= it["active"] for it in told)
    settled = next(at for at, it in enumerate(told) if it["upPrice"] in {"0.000", "1.000"})
    assert (told[settled + 1]["upPrice"], told[settled + 1]["timeRemainingSeconds"]) == ("0.500", 900)
    assert len(told) > settled + 3


def test_a_part_of_a_second_that_is_left_is_a_second(stage):
    """Until the round is over."""
    closes = NOW + 1
    stage.publish([(ROUND, UP, NOW, closes - 60 * MINUTE, closes, 6_745_000, UNKNOWN)])
    (first,) = heard(stage.ear(topic("polymarket", UP)))
    assert (first["data"]["timeRemainingSeconds"], first["data"]["active"]) == (1, True)


def test_narrative_has_the_numbers_of_the_quotes_and_books(stage):
    """Once a minute, from the same state."""
    ear = stage.ear(topic("narratives"), topic("book"))
    start = NOW - NOW % MINUTE
    rows = [level(0, 6_744_950, 10, ts=start), level(1, 6_745_050, 30, ts=start)]
    quote = (5, FIRST, start, 6_744_950, 10, 6_745_050, 30)
    stage.publish([*rows, quote, trade(6_700_000, 1, ts=start), trade(6_745_000, 1, ts=start + 1)])
    stage.publish([clock(start + MINUTE)])

    by_channel = {message["channel"]: message for message in heard(ear)}
    told = by_channel["narratives"]["data"]
    assert told == {
        "symbol": "BTC/USDT",
        "narrative": (
            "BTC up 0.67% in the past minute with strong selling pressure. OBI at -0.50 across exchanges."
        ),
        "source": "template",
    }
    assert by_channel["book"]["data"]["obi_10"] == -0.5


SIGNALS = (
    "whale-movement",
    "orderbook-imbalance",
    "spread-anomaly",
    "volume-spike",
    "cross-exchange-divergence",
    "wall-appearance",
    "wall-removal",
    "price-level-break",
)


@pytest.mark.parametrize(
    "name", [*(f"signal-{name}" for name in SIGNALS), "liquidation-cascade", "funding-spike"]
)
def test_each_signal_comes_over_the_wire_from_its_scenario(support, name):
    """The shipped file makes it, the observer finds it, a client of tier free hears it."""
    run = ScriptedMarket(read_scenario(find_scenario(name), MARKETS))
    stage = support.Stage(run.listing)
    session = dialects()["marketai"].session(
        UpgradeRequest(query={"key": "good key"}), support.with_listing(run.listing)
    )
    *_, subscribe = session.receive('{"action":"subscribe","channels":[{"type":"signals"}]}')
    ear = stage.ear(*subscribe.topics)
    stage.publish(run.opening())
    while run.next_time() is not None:
        stage.publish(run.advance(run.end, 4096))

    wanted = name.removeprefix("signal-").replace("-", "_")
    found = [message["data"] for message in heard(ear) if message["data"]["signal_type"] == wanted]
    assert found
    for signal in found:
        assert signal["narrative"]
        assert signal["data"]
        assert signal["severity"] in {"info", "warning", "alert", "critical"}


def heard_of(support, name, *channels):
    """What a client hears of some channels of a shipped scenario."""
    run = ScriptedMarket(read_scenario(find_scenario(name), MARKETS))
    stage = support.Stage(run.listing)
    session = dialects()["marketai"].session(
        UpgradeRequest(query={"key": "good key"}), support.with_listing(run.listing)
    )
    entries = [{"type": channel} for channel in channels]
    *_, subscribe = session.receive(json.dumps({"action": "subscribe", "channels": entries}))
    ear = stage.ear(*subscribe.topics)
    stage.publish(run.opening())
    while run.next_time() is not None:
        stage.publish(run.advance(run.end, 4096))
    return [(message["channel"], message["data"]) for message in heard(ear)]


def test_a_cascade_is_what_the_channel_of_liquidations_told(support):
    """As many, worth as much to the cent, in so many milliseconds."""
    told, found = [], []
    for channel, data in heard_of(support, "liquidation-cascade", "signals", "liquidations"):
        if channel == "liquidations":
            told.append(data)
        elif data["signal_type"] == "liquidation_cascade":
            of = data["data"]
            since = data["timestamp"] - of["window_ms"]
            mine = [
                it
                for it in told
                if (it["exchange"], it["side"]) == (of["exchange"], of["side"]) and it["timestamp"] >= since
            ]
            assert of["count"] == len(mine)
            assert Decimal(str(of["total_usd"])) == sum(Decimal(it["notional_usd"]) for it in mine)
            assert f"{len(mine)} {'long' if of['side'] == 'sell' else 'short'} liq" in data["narrative"]
            found.append(data)
    assert found


def test_a_funding_spike_has_the_rates_of_the_channel_of_funding(support):
    """The rate, and the predicted one that stands out and was another before."""
    before, last, found = None, None, []
    for channel, data in heard_of(support, "funding-spike", "signals", "funding"):
        if channel == "funding":
            before, last = last, data
        elif data["signal_type"] == "funding_spike":
            of = data["data"]
            assert (of["rate"], of["predicted_rate"]) == (last["rate"], last["predicted_rate"])
            assert of["previous_rate"] == before["predicted_rate"]
            found.append(data)
    assert found


def test_a_whale_is_the_sum_of_its_trades(support):
    """To the cent, as anybody would round it."""
    trades, found = [], []
    for channel, data in heard_of(support, "signal-whale-movement", "signals", "trades"):
        if channel == "trades":
            trades.append(data)
        elif data["signal_type"] == "whale_movement":
            mine = [
                it
                for it in trades
                if (it["exchange"], it["symbol"], it["timestamp"])
                == (data["data"]["exchange"], data["symbol"], data["timestamp"])
            ]
            exact = sum(Decimal(it["price"]) * Decimal(it["quantity"]) for it in mine)
            assert Decimal(str(data["data"]["size_usd"])) == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
            found.append(data)
    assert found
