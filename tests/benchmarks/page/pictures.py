"""Screenshots of the page, of markets that stand at the same event every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from tests.benchmarks.page.server import ADMIN_KEY, Server, serving
from tests.support.browser import started

if TYPE_CHECKING:
    from tests.support.browser import Browser, Tab

START = "2026-01-05T14:30:00Z"
DESKTOP, TABLET, PHONE = (1280, 800), (900, 800), (390, 844)
SETTLE_SECONDS = 1.5
LISTED_SECONDS = 11  # so often the page asks what is halted
KEYS = f"""(() => {{
  feedPage.app.keys.useDemo();
  feedPage.app.keys.set('admin', {{ key: '{ADMIN_KEY}' }});
}})()"""
# Two orders that rest, three and six levels from the middle, and one that trades.
ORDERS = """(async () => {
  const { market, accounts } = feedPage.app;
  const { symbol } = market.shown;
  const [bid, ask] = ['bid', 'ask'].map((side) => market.book().levels(side, 0, 6));
  const { lot } = market.instrument(symbol);
  const size = Math.max(lot, Math.floor(ask[0].size / 2 / lot) * lot);
  const send = (side, type, price) => accounts.place({ symbol, side, type, price, size });
  await send('buy', 'limit', bid[2].price);
  await send('sell', 'limit', ask[4].price);
  await send('buy', 'market', null);
})()"""


@attrs.frozen
class Picture:
    """
    One screenshot.

    Attributes:
        name: Of its file.
        shown: Instrument and interval.
        size: Of the window, CSS pixels.
        tab: The tab below the chart.
        view: The panel, on a phone.
        dark: Whether the system is dark.
    """

    name: str
    shown: str
    size: tuple[int, int] = DESKTOP
    tab: str = "depth"
    view: str = "chart"
    dark: bool = False


CALM = (
    Picture("light", "BTC-USD/1m"),
    Picture("dark", "BTC-USD/1m", dark=True, tab="venues"),
    Picture("tablet", "BTC-USD/1m", size=TABLET, tab="venues"),
    Picture("control", "EURUSD/1m", dark=True, tab="connections"),
    *(Picture(f"phone-{view}", "BTC-USD/1m", size=PHONE, view=view) for view in ("chart", "book", "account")),
    Picture("phone-market", "BTC-USD/1m", size=PHONE, view="market", tab="venues", dark=True),
)


def take(folder: Path) -> list[Path]:
    """All of them; gives the files."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    with started() as browser:
        with serving("--seed", 1, "--start", START, "--wait-clients", 1) as server:
            server.go_on(30 * 60)
            with opened(browser, server, CALM[0]) as tab:
                tab.evaluate(ORDERS)
            taken += [photograph(browser, server, picture, folder) for picture in CALM]
        crash = Picture("flash-crash", "BTC-USD/1s", tab="timeline", dark=True)
        taken.append(watched(browser, "flash-crash", 42, crash, folder))
        auction = Picture("auction", "BTC-USD/1s")
        taken.append(watched(browser, "call-auction", 58, auction, folder))
    return taken


def photograph(browser: Browser, server: Server, picture: Picture, folder: Path) -> Path:
    """A page that was opened where the market stands."""
    with opened(browser, server, picture) as tab:
        return save(browser, tab, folder, picture)


def watched(browser: Browser, scenario: str, seconds: float, picture: Picture, folder: Path) -> Path:
    """A page that was there from the beginning: it has seen every trade."""
    with (
        serving("--scenario", scenario, "--wait-clients", 1) as server,
        opened(browser, server, picture) as tab,
    ):
        server.go_on(seconds)
        tab.until(f"feedPage.app.market.state().seq >= {server.clock()['seq']} - 200", 60)
        browser.listen(LISTED_SECONDS)
        return save(browser, tab, folder, picture)


@contextmanager
def opened(browser: Browser, server: Server, picture: Picture) -> Iterator[Tab]:
    """A tab that shows what the picture is of."""
    width, height = picture.size
    with browser.tab(width, height) as tab:
        phone = picture.size == PHONE
        tab.screen(width, height, scale=2 if phone else 1, mobile=phone)
        tab.media(dark=picture.dark)
        tab.go(f"{server.url}#{picture.shown}")
        tab.until("feedPage.app.market.book()")
        tab.evaluate(KEYS)
        tab.evaluate(f"document.getElementById('t-{picture.tab}').click()")
        tab.evaluate(f"document.querySelector('.views [data-view={picture.view}]').click()")
        browser.listen(SETTLE_SECONDS)
        yield tab
        if tab.errors:
            message = f"{picture.name}: {tab.errors[0]}"
            raise SystemExit(message)


def save(browser: Browser, tab: Tab, folder: Path, picture: Picture) -> Path:
    """What is seen now, once it stands still."""
    browser.listen(SETTLE_SECONDS)
    path = folder / f"{picture.name}.png"
    tab.screenshot(path)
    return path
