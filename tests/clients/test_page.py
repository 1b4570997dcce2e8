"""The page beside ccxt, with one wallet at Binance: each sees what the other does, while it happens."""

import json
from pathlib import Path

import pytest
from environments import python_of
from paged_servers import Page, PagedServer

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance", "guide")]

SYMBOL = "BTC-USDT"
PROGRAM = Path(__file__).parent / "programs" / "ccxt_page.py"
EXACT = {"price": "price", "size": "origQty"}


@pytest.fixture
def step(request, run, settings_of, keys, operator):
    """The program's next step, as it says it."""
    told = {"settings": settings_of("ccxt", "binance", operator.url), "keys": keys, "exact": EXACT}
    process = run(python_of(request.config, "ccxt"), PROGRAM, json.dumps(told))

    def following(name):
        said = json.loads(process.line())
        assert said["step"] == name, process.errors[-3000:]
        return said

    return following


@pytest.fixture
def operator(operated):
    """A market without a client but these two."""
    return operated("--seed", 1)


def test_orders_of_each_are_seen_by_the_other(tab, operator, step):
    """One by mouse is watched and found by ccxt; one of ccxt stands on the page, where a click cancels it."""
    page = Page(tab, PagedServer(operator.http, operator.key), SYMBOL)
    page.until("account", "p.accounts.binance === 'live'")
    step("watching")
    # Away from the market, which goes on, so that it rests.
    price = page.run("app.market.book().levels('bid', 8, 1)[0].price - 100 * app.market.book().tick")
    tab.evaluate(
        "[...document.querySelectorAll('[data-panel=ticket] [role=radio]')]"
        ".find((one) => one.textContent === 'Wallet').click()"
    )
    page.run(f"app.tell('pick', {{ side: 'buy', price: {price} }})")
    page.write("[aria-label=Size]", "0.00123")
    tab.click("[data-panel=ticket] .place")
    (shown,) = page.until("account", "p.orders.some((one) => one.status === 'open')")["orders"]

    seen, found = step("seen"), step("found")
    assert shown["id"] == f"binance:{seen['id']}" == f"binance:{found['id']}"
    assert shown["clientId"] == found["clientOrderId"]
    assert (seen["symbol"], seen["side"], seen["type"]) == ("BTC/USDT", "buy", "limit")
    assert (found["price"], found["size"]) == (
        f"{shown['price']}000000",
        f"{shown['size']}000",
    )  # eight digits
    assert shown["size"] == "0.00123"

    placed = step("placed")
    own = f"p.orders.find((one) => one.id === 'binance:{placed['id']}')"
    order = next(
        one
        for one in page.until("account", f"{own}?.status === 'open'")["orders"]
        if one["id"] == f"binance:{placed['id']}"
    )
    assert (order["side"], order["size"], order["filled"]) == ("buy", "0.00200", "0.00000")
    assert order["clientId"] == placed["clientOrderId"]
    at = page.run(f"app.accounts.orders.at('{SYMBOL}', app.accounts.orders.find('{order['id']}').price)")
    assert at == [{"id": order["id"], "side": "buy", "left": 200, "account": "binance"}]

    tab.click(f"[data-panel=account] tr[data-id='{order['id']}'] [data-act=cancel]")
    assert step("cancelled")["id"] == placed["id"]
    assert step("fetched")["status"] == "canceled"
    page.until("account", f"{own}.status === 'cancelled'")
    assert tab.errors == []
