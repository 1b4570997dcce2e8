"""Market.ai's Replay: pages of what was told, from the history that is kept."""

import pytest
import trio
from asking import ask
from scripts import Script, quote

from feed import Settings
from feed.dialects.marketai.rest import replay as module
from feed.model.events import LIQUIDATION, SIGNAL, TRADE, UNKNOWN
from feed.model.instruments import Contract, Instrument, Listing
from feed.model.signals import Severity, SignalType
from feed.settings import Flow

AI_KEY = "mk_live_abc123..."
AI = {"Authorization": f"Bearer {AI_KEY}"}
PATH = "/marketai/api/v1/replay"
SECOND = 1_000_000_000
BTC = Instrument(
    symbol="BTC-USD", base="BTC", quote="USD", price_decimals=2, size_decimals=4, venue="binance"
)
PERPETUAL = Instrument(
    symbol="BTC-PERP",
    base="BTC",
    quote="USD",
    price_decimals=2,
    size_decimals=4,
    venue="bybit",
    contract=Contract.PERPETUAL,
    underlying="BTC-USD",
)


def trade(number, *, instrument=0, taker=7, ts=None):
    ts = number * SECOND if ts is None else ts
    return (TRADE, instrument, ts, number, 0, 100_000 + number, 5_000, 1, taker, UNKNOWN, UNKNOWN)


@pytest.fixture
def open_market(open_server):
    def start(settings=None):
        script = Script(opening=[quote(0, 99_990, 100_010), quote(1, 99_990, 100_010)])
        script.listing = Listing([BTC, PERPETUAL])
        return open_server(settings, script=script)

    return start


@pytest.fixture
async def market(open_market):
    async with open_market() as server:
        yield server


async def happen(server, *rows):
    server.script.play(*rows)
    await trio.testing.wait_all_tasks_blocked()


async def page(server, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    status, _, body = await ask(server.connect(), f"{PATH}?{text}", **AI)
    assert status == 200, body
    return body["data"]


async def pages(server, **query):
    """All of them, and how many there were."""
    found, count, cursor = [], 0, 0
    while cursor is not None:
        got = await page(server, cursor=cursor, **query)
        found += got["updates"]
        cursor = got["next"]
        count += 1
        assert count < 100
    return found, count


async def test_what_a_channel_has_told_is_told_again(market):
    """The very messages, with their numbers; those of liquidations too."""
    client = await market.upgraded(f"/marketai?key={AI_KEY}&ext=seq")
    await client.send(
        {
            "action": "subscribe",
            "channels": [{"type": name} for name in ("trades", "liquidations", "signals")],
        }
    )
    await client.messages(3)
    whale = (SIGNAL, 0, 4 * SECOND, 1, int(SignalType.WHALE_MOVEMENT), int(Severity.ALERT), 100_000_000, 0)
    forced = (LIQUIDATION, 1, 2 * SECOND, 55, 1, 100_000, 5_000)
    await happen(market, trade(1), forced, trade(2, instrument=1, taker=55), trade(3), whale)
    told = await client.messages(5)
    for one in told:
        one.pop("pos")
    found, count = await pages(market)
    assert count == 1
    assert found == [one for one in told if one["channel"] == "trades"]
    assert [one["data"]["is_liquidation"] for one in found] == [False, True, False]
    (liquidation,) = (await pages(market, channel="liquidations"))[0]
    assert liquidation in told
    after = await page(market, channel="liquidations", cursor=liquidation["seq"] - 1)
    assert after["updates"] == [liquidation]
    assert (await pages(market, channel="signals"))[0] == [one for one in told if one["channel"] == "signals"]
    assert (await pages(market, exchange="bybit"))[0] == [
        one for one in found if one["data"]["exchange"] == "bybit"
    ]


async def test_pages_follow_each_other_without_a_gap(market):
    """By the cursor; each has so many messages at most, and is read from so many events at most."""
    await happen(market, *(trade(number) for number in range(1, 101)))
    whole, _ = await pages(market, limit=1000)
    assert [one["data"]["trade_id"] for one in whole] == [f"t{number}" for number in range(1, 101)]
    found, count = await pages(market, limit=30)
    assert (found, count) == (whole, 4)
    last = whole[41]["seq"]
    assert (await page(market, cursor=last, limit=1000))["updates"] == whole[42:]


async def test_a_page_may_be_empty_and_not_the_last(market, monkeypatch):
    """What is asked for is rare: the work of one request is bounded all the same."""
    monkeypatch.setattr(module, "PAGE_EVENTS", 10)
    await happen(market, *(quote(0, 1000 + number, ts=SECOND) for number in range(50)), trade(60))
    first = await page(market)
    assert (first["updates"], first["next"]) == ([], 10)
    found, count = await pages(market)
    assert ([one["data"]["trade_id"] for one in found], count) == (["t60"], 6)


async def test_times_bound_what_is_told(market):
    """Both included; market time in milliseconds."""
    await happen(market, *(trade(number) for number in range(1, 2001)))
    found, _ = await pages(market, **{"from": 1_500_000, "to": 1_502_000})
    assert [one["ts"] for one in found] == [1_500_000, 1_501_000, 1_502_000]
    assert (await page(market, **{"from": 5_000_000}))["updates"] == []


async def test_what_is_no_longer_kept_is_passed_over(open_market):
    """The answer says which event is the oldest."""
    async with open_market(Settings(flow=Flow(history_seconds=100.0))) as server:
        for at in range(0, 30_000, 5000):
            await happen(server, *(trade(number) for number in range(at, at + 5000)))
        got = await page(server, cursor=1)
        assert got["oldest"] > 1
        assert got["updates"][0]["seq"] == got["oldest"]


async def test_quotes_are_those_of_single_exchanges(market):
    """Best bid and ask at each change, their middle exact."""
    await happen(market, quote(1, 100_001, 100_004, ts=SECOND))
    (last,) = (await page(market, channel="quotes", exchange="bybit", **{"from": 1000}))["updates"]
    assert last["data"] == {
        "exchange": "bybit",
        "symbol": "BTC/USDT",
        "bid": "1000.01",
        "ask": "1000.04",
        "mid": "1000.025",
        "timestamp": 1000,
    }


async def test_a_page_is_paid_for(market):
    """By the events that are read, so that whoever asks without end waits, and nobody else."""
    await happen(market, *(trade(number) for number in range(1, 5001)))
    hub = market.context.fanout.hub
    before = hub.work
    await page(market)
    assert hub.work - before >= 5000


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("channel=book", 400, "invalid_request"),
        ("symbol=DOGE", 404, "not_found"),
        ("exchange=nowhere", 400, "invalid_request"),
        ("from=-1", 400, "invalid_request"),
        ("from=now", 400, "invalid_request"),
        ("to=1e5", 400, "invalid_request"),
        ("cursor=x", 400, "invalid_request"),
        ("limit=0", 400, "invalid_request"),
        ("limit=100000", 400, "invalid_request"),
    ],
)
async def test_a_bad_request_is_refused(market, query, status, code):
    """In the protocol's own words."""
    got, _, body = await ask(market.connect(), f"{PATH}?{query}", **AI)
    assert (got, body["ok"], body["error"]["code"]) == (status, False, code)


async def test_a_key_is_needed(market):
    """As for everything there."""
    assert (await ask(market.connect(), PATH))[0] == 401
