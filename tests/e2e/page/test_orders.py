"""Orders by mouse and keyboard in the page, and another client of the same account beside it."""

from decimal import Decimal

import pytest
from paged_servers import Page, paged_server
from steering import pause, step

pytestmark = [pytest.mark.e2e, pytest.mark.protocols("guide", "tradyn")]

SYMBOL = "BTC-USD"
PLACE = "[data-panel=ticket] .place"
PRICE, SIZE = "[aria-label=Price]", "[aria-label=Size]"


def stand(server):
    """Let its market stand still where there are books, so that prices stay where a test has seen them."""
    pause(server)
    step(server, 3000)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A market that stands still."""
    with paged_server(tmp_path_factory.mktemp("orders"), "--seed", 1) as found:
        stand(found)
        yield found


@pytest.fixture(scope="module")
def opened(browser, server):
    """The page with the demo key."""
    with browser.tab() as tab:
        yield Page(tab, server, SYMBOL)


@pytest.fixture
def page(opened, server):
    """The same, with no order of the account, and no word in the ticket, left by another test."""
    for one in server.account("orders"):
        server.account("orders/cancel", {"ticket": one["ticket"]})
    opened.until("account", "p.orders.every((one) => one.status !== 'open')")
    yield opened
    # A refusal of an order is an answer like any other, and one of a link that is tried again.
    known = ("with a status of 400", "/tradyn?")
    assert [one for one in opened.tab.errors if not any(text in one for text in known)] == []


def pending(server, symbol=SYMBOL):
    """Orders of the account as the other client finds them: ticket, side, price, size."""
    found = [one for one in server.account("orders") if one["symbol"] == symbol]
    return [(str(one["ticket"]), one["action"], str(one["price"]), str(one["volume"])) for one in found]


def test_an_order_by_mouse(page, server):
    """A click in the book fills the ticket, a second one sends it; the other client has the same order."""
    bid = page.run("app.market.book().levels('bid', 3, 1)[0].priceText")
    row = "[data-panel=ladder] tr.bid:nth-child(4)"
    page.tab.until(f"document.querySelector('{row}').textContent.includes('{bid}')")
    page.tab.click(row)
    page.until("ticket", f"p.price === '{bid}' && p.side === 'buy'")
    page.write(SIZE, "0.01234567")
    page.tab.click(PLACE)
    shown = page.until("account", "p.orders.some((one) => one.status === 'open')")
    (order,) = [one for one in shown["orders"] if one["status"] == "open"]
    assert (order["symbol"], order["side"], order["price"], order["size"]) == (
        SYMBOL,
        "buy",
        bid,
        "0.01234567",
    )
    assert pending(server) == [(order["id"].removeprefix("margin:"), "buy", bid, "0.01234567")]
    page.until("ticket", f"p.answer.endsWith('accepted as {order['id']}')")


def test_the_ladder_shows_and_cancels_it(page, server):
    """An order of the other client stands in the ladder, with what is left; the list cancels it."""
    bid = page.run("app.market.book().levels('bid', 2, 1)[0].priceText")
    body = {"symbol": SYMBOL, "type": 2, "price": float(bid), "volume": 0.5}
    ticket = server.account("trade", body)["ticket"]
    page.until("account", f"p.orders.some((one) => one.id === 'margin:{ticket}' && one.status === 'open')")
    own = f"app.accounts.orders.at('{SYMBOL}', app.market.book().levels('bid', 2, 1)[0].price)"
    assert page.run(own) == [{"id": f"margin:{ticket}", "side": "buy", "left": 50000000, "account": "margin"}]
    page.tab.click(f"[data-panel=account] tr[data-id='margin:{ticket}'] [data-act=cancel]")
    page.until("account", f"p.orders.find((one) => one.id === 'margin:{ticket}').status === 'cancelled'")
    assert pending(server) == []
    assert page.run(own) == []


def test_what_another_client_trades_is_seen(page, server):
    """Its fills, position and funds on the page are those of its own account, digit by digit."""
    ticket = server.account("trade", {"symbol": SYMBOL, "action": "buy", "volume": 0.02})["ticket"]
    shown = page.until(
        "account", f"p.fills.some((one) => one.order === 'margin:{ticket}') && p.positions.length"
    )
    deals = [one for one in server.account("deals") if one["order"] == ticket]
    told = {
        (one["id"], one["price"], one["size"]) for one in shown["fills"] if one["order"] == f"margin:{ticket}"
    }
    assert told == {(str(one["ticket"]), str(one["price"]), str(one["volume"])) for one in deals}
    assert sum(Decimal(size) for _, _, size in told) == Decimal("0.02")
    (position,) = server.account("positions")
    settled = f"p.positions[0]?.profit === '{position['profit']}'"
    (own,) = page.until("account", settled)["positions"]
    assert (own["symbol"], own["side"], own["size"]) == (SYMBOL, "buy", str(position["volume"]))
    assert (own["entry"], own["mark"]) == (str(position["openPrice"]), str(position["currentPrice"]))
    (funds,) = [one for one in server.account("account")["funds"] if one["currency"] == "USD"]
    (cash,) = [
        one
        for one in page.shown("account")["balances"]
        if (one["account"], one["asset"]) == ("margin", "USD")
    ]
    assert (cash["total"], cash["equity"]) == (str(funds["balance"]), str(funds["equity"]))
    server.account("positions/close", {"symbol": SYMBOL})


def test_an_order_by_keyboard(page, server):
    """`s` begins a sale, Enter sends it, and Delete in its row cancels it."""
    ask = page.run("app.market.book().levels('ask', 4, 1)[0].priceText")
    page.tab.press("s")
    page.until("ticket", "p.side === 'sell'")
    page.write(PRICE, ask)
    page.write(SIZE, "0.25")
    page.tab.press("Enter")
    shown = page.until("account", "p.orders.some((one) => one.status === 'open')")
    (order,) = [one for one in shown["orders"] if one["status"] == "open"]
    assert (order["side"], order["price"], order["size"]) == ("sell", ask, "0.25000000")
    page.tab.evaluate(f"document.querySelector(\"tr[data-id='{order['id']}'] [data-act=cancel]\").focus()")
    page.tab.press("Delete")
    page.until("account", "p.orders.every((one) => one.status !== 'open')")
    assert pending(server) == []


def test_what_cannot_be_sent(page, server):
    """A figure that does not fit the instrument is said beside the button, which is dead."""
    for price, size, reason in (
        ("64000.001", "1", "at most 2 digits"),
        ("64000", "1.234567891", "at most 8 digits"),
        ("6e4", "1", "price: a decimal"),
        ("64000", "0", "size: above 0"),
        ("90071992547409.93", "1", "price: a decimal"),
    ):
        page.write(PRICE, price)
        page.write(SIZE, size)
        page.until("ticket", f"p.price === '{price}' && p.size === '{size}' && p.reason.includes('{reason}')")
        page.tab.until(f"document.querySelector('{PLACE}').disabled")
        page.tab.press("Enter")
    assert pending(server) == []


def test_a_lost_answer_is_looked_up(page, server):
    """An order whose answer does not arrive is found by its own id, and sent once."""
    page.tab.evaluate(
        """{ const real = window.fetch; window.fetch = async (...asked) => {
          const answer = await real(...asked);
          if (String(asked[0]).endsWith('/trade')) { window.fetch = real; throw new TypeError('lost'); }
          return answer;
        }; }"""
    )
    page.run("app.tell('pick', { side: 'buy', price: app.market.book().levels('bid', 5, 1)[0].price })")
    page.write(SIZE, "0.03")
    page.tab.click(PLACE)
    page.until("ticket", "p.answer.startsWith('buy 0.03000000')")
    ((ticket, *_),) = pending(server)
    assert page.shown("ticket")["answer"].endswith(f"accepted as margin:{ticket}")


def test_what_happens_while_the_link_is_down(page, server):
    """An order that ends while the page cannot hear of it is over there once it is back."""
    bid = page.run("app.market.book().levels('bid', 6, 1)[0].priceText")
    body = {"symbol": SYMBOL, "type": 2, "price": float(bid), "volume": 0.04}
    gone, stays = (server.account("trade", body)["ticket"] for _ in range(2))
    page.until(
        "account",
        f"p.orders.filter((one) => ['margin:{gone}', 'margin:{stays}'].includes(one.id)).length === 2",
    )
    server.admin("faults", {"name": "away", "kind": "restart", "aim": {"dialect": "tradyn"}})
    page.until("account", "p.accounts.margin === 'lost'")
    page.until("ticket", "p.reason.startsWith('Margin: ')")
    server.account("orders/cancel", {"ticket": gone})
    server.admin("faults?name=away", method="DELETE")
    page.until("account", "p.accounts.margin === 'live'")
    page.until("account", f"p.orders.find((one) => one.id === 'margin:{gone}').status === 'cancelled'")
    assert [one["id"] for one in page.shown("account")["orders"] if one["status"] == "open"] == [
        f"margin:{stays}"
    ]


def test_a_request_that_fails_is_made_up_for(page, server):
    """Where positions are not answered once, the account is lost, and live again: orders can be sent."""
    page.tab.evaluate(
        """{ const real = window.fetch; window.seen = [];
          const { accounts } = feedPage.app;
          accounts.on(() => seen.push(accounts.all().find((one) => one.name === 'margin').state));
          window.fetch = async (...asked) => {
            if (!String(asked[0]).endsWith('/positions')) return real(...asked);
            window.fetch = real; throw new TypeError('lost');
          }; }"""
    )
    page.tab.until("seen.includes('lost') && seen.at(-1) === 'live'")
    page.until("ticket", "p.reason === ''")
    assert pending(server) == []


def test_an_order_that_the_market_refuses(page, server):
    """The market's own words stand in the ticket."""
    page.run("app.tell('pick', { side: 'buy', price: app.market.book().best().bid })")
    page.write(SIZE, "999999")
    page.tab.click(PLACE)
    page.until("ticket", "p.answer === 'not placed: Insufficient margin'")
    assert pending(server) == []


def test_a_key_that_is_refused(tab, server):
    """A wrong key is said once, and not tried again and again."""
    page = Page(tab, server, SYMBOL, keys=False)
    assert page.shown("account")["view"] == "keys"
    assert page.shown("ticket")["reason"] == "Margin: no key"
    page.run("app.keys.set('', { key: 'tk_live_wrong' })")
    page.until("account", "p.accounts.margin === 'refused'")
    assert page.shown("ticket")["reason"] == "Margin: Invalid API key"
    assert "tk_live_wrong" not in tab.evaluate("JSON.stringify(feedPage.shown()) + document.body.outerHTML")
    page.run("app.keys.useDemo()")
    page.until("account", "p.accounts.margin === 'live'")


def test_another_market_has_orders_of_its_own(browser, tmp_path):
    """A server with another seed counts its orders anew: those of the first are forgotten."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()

    def order(volume):
        page.tab.until("feedPage.app.market.book()")
        (bid,) = page.run("app.market.book().levels('bid', 5, 1)")
        body = {"symbol": SYMBOL, "type": 2, "price": float(bid["priceText"]), "volume": volume}
        placed = server.account("trade", body)
        page.until("account", f"p.orders.length === 1 && p.orders[0].size.startsWith('{volume}')")
        assert page.shown("account")["orders"][0]["status"] == "open"
        return placed["ticket"]

    with browser.tab() as tab:
        with paged_server(first, "--seed", 1) as server:
            stand(server)
            page = Page(tab, server, SYMBOL)
            port = server.url.rpartition(":")[2]
            server.account("orders/cancel", {"ticket": order(0.1)})
            page.until("account", "p.orders[0].status === 'cancelled'")
        page.until("account", "p.accounts.margin === 'lost'")
        with paged_server(second, "--port", port, "--seed", 2) as server:
            stand(server)
            page.run("dispatchEvent(new Event('online'))")  # else it waits for up to 15 s
            tab.until("feedPage.app.market.state().text.startsWith('since=')")
            page.until("account", "p.accounts.margin === 'live' && !p.orders.length")
            order(0.2)
