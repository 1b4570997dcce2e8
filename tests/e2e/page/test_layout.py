"""The page as it is looked at and used: nothing moves, nothing is too wide or too small, all has a name."""

from contextlib import contextmanager

import pytest
from paged_servers import paged_server

pytestmark = [pytest.mark.e2e, pytest.mark.protocols("guide")]
BUSIEST = "EURUSD"  # of the default market
READY = "feedPage.app.market.book() && feedPage.shown().panels.quote.symbol === '%s'"
# What sticks out to the right, in words that a failure shows.
WIDE = """[...document.querySelectorAll('body *')].filter((it) => {
  const box = it.getBoundingClientRect();
  const clipped = it.closest('.unseen, caption, [hidden], .list-scroll, .counters, .segmented, dialog');
  const scrolls = it.parentElement.closest('.panel-body');
  if (clipped || !box.width || !box.height || getComputedStyle(it).position === 'fixed') return false;
  return box.right > innerWidth + 1 && !(scrolls && scrolls.scrollWidth > scrolls.clientWidth);
}).map((it) => `${it.tagName} ${it.className} ${it.textContent.slice(0, 30)}`)"""
# What is too small for a finger; rows of tables and what stands in them are as high as a line.
SMALL = """[...document.querySelectorAll('button, input, select, [role=tab], [role=radio], [role=option]')]
.filter((it) => {
  const box = it.getBoundingClientRect();
  if (!box.width || !box.height || it.closest('dialog, tr, label')) return false;
  return box.height < 43.5 || box.width < 24;
}).map((it) => `${it.tagName} ${it.className} ${it.textContent.slice(0, 30)} ${it.offsetHeight}`)"""
SHIFTS = """new PerformanceObserver((list) => {
  for (const one of list.getEntries()) {
    const where = ({ node }) => `${node?.nodeName} in ${node?.parentElement?.className}`;
    shifts.push([one.value, one.sources.map(where)]);
  }
}).observe({type: 'layout-shift', buffered: true})"""
VIEWS = ("chart", "book", "trades", "account", "market", "control")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """URL of the page of a server whose market runs eight times as fast as the clock."""
    with paged_server(tmp_path_factory.mktemp("page"), "--speed", 8) as server:
        yield f"{server.url}/"


@contextmanager
def shown(browser, page, width, height, symbol=BUSIEST, *, mobile=False, dark=False):
    """A tab that shows an instrument; nothing may have gone wrong in it at the end."""
    with browser.tab(width, height) as tab:
        tab.screen(width, height, mobile=mobile)
        tab.media(dark=dark, reduced_motion=True)
        tab.go(f"{page}#{symbol}/1s")
        tab.until(READY % symbol)
        yield tab
        assert tab.errors == []
        assert tab.evaluate("feedPage.shown().failures") == 0


def test_nothing_moves_while_prices_come(browser, page):
    """From the first byte on, and while hundreds of updates come as fast as they do: no shift."""
    with browser.tab(1280, 800) as tab:
        tab.send("Page.addScriptToEvaluateOnNewDocument", source=f"window.shifts = []; {SHIFTS};")
        tab.go(f"{page}#{BUSIEST}/1s")
        tab.until(READY % BUSIEST)
        tab.evaluate("void (window.updates = 0, feedPage.app.market.on('book', () => { updates += 1; }))")
        tab.until("updates >= 300")
        assert tab.evaluate("shifts") == []
        assert tab.errors == []


def test_what_is_drawn_is_what_is_known(browser, page):
    """The texts in the ladder's rows and in the tape's are the book's and the trades' that the page holds."""
    with shown(browser, page, 1280, 800) as tab:
        tab.until("feedPage.shown().panels.tape.rows.length > 0")
        rows = """(() => {
          const { asks, bids, drawn } = feedPage.shown().panels.ladder;
          const cell = (row, at) => row.cells[at].textContent;
          const there = [...document.querySelectorAll('.ladder tr[tabindex]:not([hidden])')];
          const texts = there.map((row) => [cell(row, 1), cell(row, 2), cell(row, 3)]);
          return { asks, bids, drawn, texts };
        })()"""
        found = tab.evaluate(rows)
        assert found["texts"] == found["drawn"]
        levels = [*reversed(found["asks"]), *found["bids"]]
        assert [row for row in found["texts"] if row[0]] == levels
        tape = tab.evaluate("""(() => ({
          rows: feedPage.shown().panels.tape.rows.map(({price, size}) => [price, size]),
          texts: [...document.querySelectorAll('.tape tbody tr:not([hidden])')]
            .map(({ cells }) => [cells[0].textContent, cells[1].textContent]).filter(([price]) => price),
        }))()""")
        assert tape["texts"] == tape["rows"]


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (900, 800), (1920, 1080)])
def test_wide_screens_have_all_at_once(browser, page, width, height):
    """No sideways scroll, nothing sticks out, and all panels but tabs are there together."""
    with shown(browser, page, width, height) as tab:
        assert tab.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        assert tab.evaluate(WIDE) == []
        visible = {"quote", "clock", "status", "chart", "depth", "ladder", "tape", "account", "ticket"}
        assert visible <= set(tab.evaluate("Object.keys(feedPage.shown().panels)"))


@pytest.mark.parametrize(("width", "height"), [(390, 844), (640, 900)])
def test_a_phone_has_one_panel_at_a_time(browser, page, width, height):
    """
    No sideways scroll, targets of 44 pixels, inputs that do not zoom, a bar of panels.

    So it is too at 640 pixels: 1280 at a zoom of 200 %, or a small tablet.
    """
    with shown(browser, page, width, height, mobile=True) as tab:
        assert tab.evaluate("innerWidth") == width
        for view in VIEWS:
            tab.click(f'.views [data-view="{view}"]')
            browser.listen(0.1)
            assert tab.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), view
            assert tab.evaluate(WIDE) == [], view
            assert tab.evaluate(SMALL) == [], view
        fonts = """[...document.querySelectorAll('input:not([type=checkbox]), select')]
        .map((it) => getComputedStyle(it).fontSize)"""
        assert min(float(one.removesuffix("px")) for one in tab.evaluate(fonts)) >= 16
        tab.click('.views [data-view="book"]')
        tab.until("feedPage.shown().panels.ladder?.asks.length >= 8")
        tab.click(".quote-name")
        tab.until("feedPage.shown().panels.instruments?.rows.length > 5")
        tab.write("sol-usd")
        tab.until("feedPage.shown().panels.instruments.rows[0][0] === 'SOL-USD'")
        tab.press("Enter")
        tab.until(READY % "SOL-USD")
        assert tab.evaluate("'picking' in document.body.dataset") is False


def test_all_that_can_be_used_has_a_name(browser, page):
    """The accessibility tree: every control is named, landmarks and tables of numbers are there."""
    with shown(browser, page, 1280, 800) as tab:
        tab.until(f"document.querySelector('canvas').getAttribute('aria-label').includes('{BUSIEST}')")
        nodes = tab.send("Accessibility.getFullAXTree")["nodes"]
        said = [
            (one["role"]["value"], one.get("name", {}).get("value", ""))
            for one in nodes
            if not one.get("ignored") and "role" in one
        ]
        used = {
            "button",
            "textbox",
            "searchbox",
            "combobox",
            "tab",
            "radio",
            "checkbox",
            "link",
            "listbox",
            "spinbutton",
        }
        assert [one for one in said if one[0] in used and not one[1].strip()] == []
        roles = [role for role, _ in said]
        assert {"main", "banner", "contentinfo", "heading", "tablist", "tabpanel", "grid", "table"} <= set(
            roles
        )
        assert {("grid", "Order book"), ("table", "Trades, newest first")} <= set(said)
        pictures = [name for role, name in said if role in ("img", "image") and name]
        assert any(BUSIEST in name for name in pictures)


def test_the_keyboard_reaches_everything(browser, page):
    """Numbers choose panels, / searches, arrows walk the ladder, Enter takes a price; typing only types."""
    with shown(browser, page, 1280, 800) as tab:
        tab.until("feedPage.shown().panels.ladder.asks.length > 3")
        tab.evaluate("void (window.picked = [], feedPage.app.on('pick', (it) => picked.push(it)))")
        # What the row shows when the key comes: the market goes on meanwhile.
        tab.evaluate("""void addEventListener('keydown', ({ key, target }) => {
          if (key === 'Enter') window.price = target.cells[1].textContent;
        }, true)""")
        tab.press("2")
        assert tab.evaluate("document.activeElement.closest('[data-panel]').dataset.panel") == "ladder"
        tab.press("ArrowDown")
        tab.press("Enter")
        (picked,) = tab.evaluate("picked")
        assert picked["side"] == "buy"
        assert picked["price"] == round(float(tab.evaluate("price")) * 100_000)
        tab.press("/")
        for letter in "bs2":
            tab.press(letter)
        assert tab.evaluate("document.activeElement.value") == "bs2"
        assert len(tab.evaluate("picked")) == 1
        tab.press("Escape")
        tab.press("Escape")
        tab.press("?")
        assert tab.evaluate("document.getElementById('help').open")
        tab.press("Escape")
        tab.press("5")
        tab.press("ArrowRight")
        tab.until("feedPage.shown().panels.venues")
        tab.press("s")
        assert tab.evaluate("picked.at(-1).side") == "sell"


def test_prices_stand_still_below_the_pointer(browser, page):
    """While the mouse is on the ladder its rows keep their prices: a click hits what was seen."""
    with shown(browser, page, 1280, 800) as tab:
        tab.until("feedPage.shown().panels.ladder.asks.length > 3")
        tab.move(*middle(tab, ".ladder .asks tr:nth-last-child(3)"))
        tab.until("feedPage.shown().panels.ladder.held")
        prices = "[...document.querySelectorAll('.ladder tr[tabindex]')].map((it) => it.cells[1].textContent)"
        before = tab.evaluate(prices)
        seq = tab.evaluate("feedPage.shown().panels.ladder.seq")
        tab.until(f"feedPage.shown().panels.ladder.seq > {seq + 300}")
        assert tab.evaluate(prices) == before
        tab.move(5, 5)
        tab.until("!feedPage.shown().panels.ladder.held")


def test_light_and_dark_follow_the_system_until_one_is_chosen(browser, page):
    """The system's colours; the button takes light, then dark, which a reload keeps."""
    ground = "getComputedStyle(document.querySelector('.panel')).backgroundColor"
    with shown(browser, page, 1280, 800, dark=True) as tab:
        dark = tab.evaluate(ground)
        tab.click("#theme")
        light = tab.evaluate(ground)
        assert light == "rgb(255, 255, 255)" != dark
        tab.click("#theme")
        assert tab.evaluate(ground) == dark
        tab.media(dark=False)
        tab.send("Page.reload")
        tab.until(READY % BUSIEST)
        assert tab.evaluate(ground) == dark


def middle(tab, selector):
    """The middle of an element."""
    x, y, width, height = tab.box(selector)
    return x + width / 2, y + height / 2
