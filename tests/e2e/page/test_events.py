"""What happens in the market, beside its prices: signals and liquidations, on the page as by request."""

import json
import urllib.request

import pytest
from paged_servers import Page, paged_server
from steering import caught_up, pause, seek, step

pytestmark = [pytest.mark.e2e, pytest.mark.protocols("guide", "tradyn", "marketai")]

KEY = "mk_live_abc123..."
FIELDS = ("symbol", "side", "price", "quantity", "timestamp")


def last(server, what):
    """The last ones by request, newest first."""
    path = f"/marketai/api/v1/{what}?limit=1000"
    request = urllib.request.Request(server.url + path, headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


def test_signals_and_liquidations(browser, tmp_path):
    """Those that came before the page looked, and those that come while it looks: each once, newest first."""
    with paged_server(tmp_path, "--scenario", "liquidation-cascade") as server, browser.tab() as tab:
        start = pause(server) // 10**9 * 10**9
        page = Page(tab, server, "BTC-PERP")
        # Signals are asked for once the key was accepted; those of before are not told.
        tab.until("[...feedPage.app.market.session._groups.values()].every((it) => it.confirmed)")
        seek(server, start + 61 * 10**9)
        before = last(server, "liquidations")
        assert before
        tab.click("#t-events")
        page.until("events", f"p.liquidations.length === {min(len(before), 50)}")
        seek(server, start + 64 * 10**9)
        caught_up(tab, step(server, 1))
        told = last(server, "liquidations")
        assert len(told) > len(before)
        kept = min(len(told), 200)
        rows = "app.liquidations.rows().map((it) => [it.symbol, it.side, it.price, it.size, it.ts])"
        tab.until(f"feedPage.{rows}[0][4] === {told[0]['timestamp']} && feedPage.{rows}.length === {kept}")
        assert page.run(rows) == [[one[name] for name in FIELDS] for one in told[:kept]]
        signals = page.run(
            "app.market.signals().map((it) => [`sig_${it.id}`, it.signal, it.severity, it.ts])"
        )
        names = ("id", "signal_type", "severity", "timestamp")
        expected = [[one[name] for name in names] for one in last(server, "signals")]
        assert signals
        assert signals == expected[: len(signals)]
        assert tab.errors == []


def test_without_a_key_it_says_what_is_missing(browser, tmp_path):
    """Nothing is asked for that would be refused."""
    with paged_server(tmp_path, "--scenario", "liquidation-cascade") as server, browser.tab() as tab:
        page = Page(tab, server, "BTC-PERP", keys=False)
        tab.click("#t-events")
        shown = page.until("events", "p.texts[0] && p.texts[1]")
        assert "key" in shown["texts"][0]
        assert "key" in shown["texts"][1]
        # The book may be there before the trades are, with which candles are asked for.
        tab.until("feedPage.app.market.series().note.includes('key')")
        assert tab.errors == []
