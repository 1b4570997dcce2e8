"""What a hand does by mistake in the page: a key that is held, a double click, a link that was cut off."""

import pytest
from paged_servers import Page, paged_server
from steering import pause, step

pytestmark = [pytest.mark.e2e, pytest.mark.protocols("guide", "tradyn")]

FORM = "[data-panel=ticket]"
PLACE, PRICE, SIZE = f"{FORM} .place", f"{FORM} [aria-label=Price]", f"{FORM} [aria-label=Size]"
ENTER = {"key": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A market that stands still."""
    with paged_server(tmp_path_factory.mktemp("mistakes"), "--seed", 1) as found:
        pause(found)
        step(found, 3000)
        yield found


@pytest.fixture
def page(tab, server):
    """The page with the demo key, and no order of the account."""
    for one in server.account("orders"):
        server.account("orders/cancel", {"ticket": one["ticket"]})
    yield Page(tab, server)
    assert tab.errors == []


def orders(server):
    """Orders of the account as another client finds them: symbol, price and size."""
    return [(one["symbol"], one["price"], one["volume"]) for one in server.account("orders")]


def test_a_key_that_is_held_sends_one_order(page, server):
    """Enter, held down until the answer has come and longer, is one order; the focus stays where it was."""
    bid = page.run("app.market.book().levels('bid', 5, 1)[0].priceText")
    page.write(PRICE, bid)
    page.write(SIZE, "0.01")
    for focused in (SIZE, PLACE):
        page.tab.evaluate(f"document.querySelector('{focused}').focus()")
        page.tab.send("Input.dispatchKeyEvent", type="keyDown", **ENTER)
        page.until("ticket", "p.answer && !p.sending")
        for _ in range(5):
            page.tab.send("Input.dispatchKeyEvent", type="keyDown", autoRepeat=True, **ENTER)
        page.tab.send("Input.dispatchKeyEvent", type="keyUp", **ENTER)
        page.until("ticket", "!p.sending")
        assert page.tab.evaluate(f"document.activeElement.matches('{focused}')")
    assert orders(server) == [("BTC-USD", bid, "0.01000000")] * 2


def test_a_double_click_sends_one_order(page, server):
    """Its second click sends nothing, however fast the first one was answered."""
    bid = page.run("app.market.book().levels('bid', 5, 1)[0].priceText")
    page.write(PRICE, bid)
    page.write(SIZE, "0.01")
    page.tab.click(PLACE)
    page.until("ticket", "p.answer && !p.sending")
    page.tab.click(PLACE, times=2)
    page.until("ticket", "!p.sending")
    assert orders(server) == [("BTC-USD", bid, "0.01000000")]


def test_an_order_of_one_click_is_of_the_book_that_was_clicked(page, server):
    """On a phone the ticket is not drawn beside the book; instrument and units are those of the book."""
    page.tab.click("#one-click")
    page.tab.screen(390, 844, mobile=True)
    page.tab.evaluate("document.querySelector('button[data-view=book]').click()")
    page.tab.until("feedPage.shown().panels.ladder && !feedPage.shown().panels.ticket")
    page.run("app.tell('show', { symbol: 'EURUSD' })")
    row = "[data-panel=ladder] tr.bid:nth-child(4)"
    bid = page.tab.until(
        f"(() => {{ const third = feedPage.app.market.book().levels('bid', 3, 1)[0].priceText;"
        f" return document.querySelector('{row}').textContent.includes(third) && third; }})()"
    )
    page.tab.click(row)
    page.until("ticket", "p.answer")
    ((symbol, price, _),) = orders(server)
    assert (symbol, price) == ("EURUSD", bid)


def test_one_click_is_one_order(page, server):
    """A double click in the book, and Enter that is held there, are one order each."""
    page.tab.click("#one-click")
    row = "[data-panel=ladder] tr.bid:nth-child(5)"
    bid = page.run("app.market.book().levels('bid', 4, 1)[0].priceText")
    page.tab.click(row)
    page.tab.click(row, times=2)
    page.until("ticket", "p.answer && !p.sending")
    page.tab.evaluate(f"document.querySelector('{row}').focus()")
    for repeats in (False, True, True):
        page.tab.send("Input.dispatchKeyEvent", type="keyDown", autoRepeat=repeats, **ENTER)
    page.tab.send("Input.dispatchKeyEvent", type="keyUp", **ENTER)
    page.until("account", "p.orders.filter((one) => one.status === 'open').length >= 2")
    page.until("ticket", "!p.sending")
    assert [(symbol, price) for symbol, price, _ in orders(server)] == [("BTC-USD", bid)] * 2


def test_a_finger_takes_the_price_that_it_was_put_on(page, server):
    """Rows that move under it until it is lifted change nothing; the mouse holds them, a finger cannot."""
    row = "document.querySelector('[data-panel=ladder] tr.bid:nth-child(2)')"
    shown = f"{row}.querySelector('.num').textContent"
    page.tab.until(shown)
    page.tab.evaluate(
        f"{row}.dispatchEvent(new PointerEvent('pointerdown', {{ bubbles: true, pointerType: 'touch' }}))"
    )
    before = page.tab.evaluate(shown)
    while page.tab.evaluate(shown) == before:
        step(server, 200)
    page.tab.evaluate(f"{row}.click()")
    page.until("ticket", f"p.price === '{before}'")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("%E0%A4%A", "#BTC-USD/1m"),
        ("EURUSD/constructor", "#EURUSD/1m"),
        ("NO-SUCH/5m", "#BTC-USD/5m"),
    ],
)
def test_an_address_that_means_nothing(tab, server, address, shown):
    """What cannot be read of an address is left out, and the address says what is shown."""
    tab.go(f"{server.url}/#{address}")
    tab.until("feedPage.app.market.book()?.best().ask")
    assert tab.evaluate("location.hash") == shown
    assert tab.errors == []
