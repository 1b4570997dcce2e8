"""The numbers on the page at an event are those of the stream at that event."""

import json
from collections import deque
from datetime import datetime
from decimal import Decimal
from itertools import accumulate

import pytest
from paged_servers import Page, paged_server
from steering import caught_up, get, pause, seek, step
from websockets.sync.client import connect

from feed.client.blocking import connect_blocking
from feed.client.states import Resynced
from feed.model.candles import fold
from feed.model.durations import NS_PER_MILLISECOND as MS
from feed.model.durations import NS_PER_MINUTE
from feed.model.events import Side

pytestmark = [pytest.mark.e2e, pytest.mark.protocols("guide", "marketai", "securitypro")]

PAIR = ("BTC-USD", "BTC-USDT", "BTC-USD@kraken")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A market that stands still but for the steps of a test."""
    with paged_server(tmp_path_factory.mktemp("numbers"), "--seed", 1) as found:
        pause(found)
        yield found


def clients_book(server, symbol):
    """Bids and asks, best first, as the project's own client has them now; at which event."""
    url = server.url.replace("http", "ws", 1) + "/guide?observer=1"
    with connect_blocking(url, symbols=[symbol], channels=["book"], dialect="guide") as feed:
        resynced = next(event for event in feed if isinstance(event, Resynced))
        book = feed.book(symbol)
        return [book.texts(side) for side in Side], resynced.seq


def trades(server, symbol):
    """The last trades by request, newest first."""
    return get(server, f"/v1/market/trades?symbol={symbol}&limit=1000")["trades"]


def assert_shown(shown, bids, asks):
    """The ladder has the best levels of both sides, given whole, with what rests there and better."""
    ladder = shown["panels"]["ladder"]
    for side, levels in (("bids", bids), ("asks", asks)):
        rows = ladder[side]
        assert len(rows) >= min(8, len(levels))
        totals = accumulate(Decimal(size) for _, size in levels)
        assert (
            rows == [[*level, str(total)] for level, total in zip(levels, totals, strict=True)][: len(rows)]
        )


def test_every_panel_shows_the_stream_at_its_event(browser, server):
    """Ladder, trades, candle and venues, digit by digit, after thousands of changes followed one by one."""
    step(server, 3000)
    url = server.url.replace("http", "ws", 1) + "/guide?ext=seq&conflate=250&observer=1"
    with browser.tab() as tab, connect(url, max_size=None) as socket:
        page = Page(tab, server, PAIR[0], keys=False)
        tab.click("#t-venues")
        socket.send(json.dumps({"type": "subscribe", "channels": [f"ticker_{symbol}" for symbol in PAIR]}))
        quotes = {}
        for _ in range(2):
            seq = step(server, 8_000)
            shown = caught_up(tab, seq)
            (bids, asks), at = clients_book(server, PAIR[0])
            assert at == seq
            assert_shown(shown, bids, asks)
            assert page.run("app.market.book().levels('bid').map((it) => [it.priceText, it.sizeText])") == [
                list(row) for row in bids
            ]
            told = trades(server, PAIR[0])
            rows = shown["panels"]["tape"]["rows"]
            assert len(rows) >= min(len(told), 10)
            fields = ("id", "price", "size", "side", "seq")
            assert [[one[name] for name in fields] for one in rows] == [
                [one[name] for name in fields] for one in told[: len(rows)]
            ]
            (*_, (*newest, seq_of_newest)) = told_candles = candles(page)
            # The open candle is told once a second of the market.
            assert newest
            assert [row[:-1] for row in told_candles] == folded(
                [one for one in told if one["seq"] <= seq_of_newest]
            )
            socket.send('{"type":"ping"}')
            while (message := json.loads(socket.recv(10)))["type"] != "pong":
                if message["type"] == "ticker":
                    quotes[message["symbol"]] = (message["bid"], message["ask"])
            rows = shown["panels"]["venues"]["rows"]
            assert {row["symbol"]: (row["bid"], row["ask"]) for row in rows} == quotes
        assert page.run("app.market.state().counts.outOfStep") == 0
        assert tab.errors == []


def candles(page):
    """The last candles of a minute that the page has: time, prices and volume in units, and their event."""
    fields = "it.time, it.open, it.high, it.low, it.close, it.volume, it.seq"
    return page.run(f"app.market.series().range(-3, 3).map((it) => [{fields}])")


def folded(told):
    """The same of trades, which are newest first."""
    found = deque(maxlen=3)
    for one in reversed(told):
        ts = int(datetime.fromisoformat(one["ts"]).timestamp() * 1000 + 0.5) * MS
        price, size = (int(one[name].replace(".", "")) for name in ("price", "size"))
        before = found[-1] if found else None
        after = fold(before, ts, price, size, NS_PER_MINUTE)
        if before is not None and before.start == after.start:
            found.pop()
        found.append(after)
    return [[it.start // MS, it.open, it.high, it.low, it.close, it.volume] for it in found]


def test_a_prediction_has_its_own_digits(browser, server):
    """A contract that pays 1 is priced between 0 and 1, and is followed like any other."""
    listed = get(server, "/guide/api/v1/coverage")["instruments"]
    symbol = next(one["symbol"] for one in listed if one["contract"] == "prediction")
    with browser.tab() as tab:
        page = Page(tab, server, symbol, keys=False)
        shown = caught_up(tab, step(server, 2000))
        (bids, asks), _ = clients_book(server, symbol)
        assert_shown(shown, bids, asks)
        assert all(0 < float(price) < 1 for price, _ in bids + asks)
        assert page.run("app.market.book().priceDecimals") == len(bids[0][0].partition(".")[2])
        assert tab.errors == []


def test_an_auction_is_said_to_be_one(browser, tmp_path):
    """While orders are collected the book stands, digit by digit; beside it stands that it is an auction."""
    with paged_server(tmp_path, "--scenario", "call-auction") as server:
        seek(server, pause(server) // 10**9 * 10**9 + 55 * 10**9)
        with browser.tab() as tab:
            page = Page(tab, server, "BTC-USD", keys=False)
            page.until("quote", "p.status === 'auction'")
            shown = caught_up(tab, step(server, 100))
            (bids, asks), _ = clients_book(server, "BTC-USD")
            assert_shown(shown, bids, asks)
            assert page.run("app.market.instrument('ETH-USD').status") == "trading"
            assert tab.errors == []
