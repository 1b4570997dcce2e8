"""python-kraken-sdk: a book whose checksum is broken on purpose, single orders, and refused requests."""

import asyncio
import json
import sys
import time
import urllib.request
from decimal import Decimal
from zlib import crc32

from kraken.base_api import SpotClient
from kraken.spot.websocket import SpotWSClientBase

told = json.loads(sys.argv[1])
for name, url in told["settings"].items():
    owner, attribute = name.split(".")
    setattr({"SpotClient": SpotClient, "SpotWSClientBase": SpotWSClientBase}[owner], attribute, url)

from kraken.spot import Market, SpotOrderBookClient, SpotWSClient, Trade, User  # noqa: E402 - once the URLs are set

KEY = {"key": told["keys"]["apiKey"], "secret": told["keys"]["secret"]}
SYMBOL, DEPTH, UPDATES = "BTC/USD", 10, 30
report = {"books": [], "orders": {"messages": 0, "events": {}, "broken": 0}, "refused": {}}
changed = asyncio.Condition()


def ask(path, body=None, method=None):
    """Ask the server what only its operator may."""
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(told["admin"]["url"] + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def fault(name, kind, key="", **fields):
    """Let something go wrong."""
    aim = {"dialect": "kraken"} | ({"key": key} if key else {})
    ask("/admin/faults", {"name": name, "kind": kind, "aim": aim, **fields})


class Books(SpotOrderBookClient):
    """Keeps what it was told of the book: whether it was proved, or what was wrong."""

    async def on_book_update(self, pair, message):
        async with changed:
            report["books"].append(message.get("error") or bool(self.get(pair)["valid"]))
            changed.notify_all()


class Orders(SpotWSClient):
    """The queues of the best levels, proved with every message by the rule of the documents."""

    def __init__(self, **more):
        super().__init__(**more)
        self.sides = {}

    async def on_message(self, message):
        if message.get("channel") != "level3":
            return
        async with changed:
            found = report["orders"]
            (data,) = message["data"]
            if message["type"] == "snapshot":
                self.sides = {"asks": {}, "bids": {}}
            for side, levels in self.sides.items():
                for order in data[side]:
                    event = order.get("event", "add")
                    found["events"][event] = found["events"].get(event, 0) + 1
                    queue = levels.setdefault(order["limit_price"], {})
                    if event == "delete":
                        del queue[order["order_id"]]
                    else:
                        queue[order["order_id"]] = order["order_qty"]
                    if not queue:
                        del levels[order["limit_price"]]
                best = sorted(levels, reverse=side == "bids")[:DEPTH]
                self.sides[side] = {price: levels[price] for price in best}
            text = "".join(
                digits(price, 1) + digits(size, 8)
                for levels in self.sides.values()
                for price, queue in list(levels.items())[:10]
                for size in queue.values()
            )
            found["messages"] += 1
            found["broken"] += crc32(text.encode()) != data["checksum"]
            changed.notify_all()


def digits(number, decimals):
    """Those of a number with so many decimals."""
    return f"{Decimal(str(number)):.{decimals}f}".replace(".", "").lstrip("0")


async def until(true):
    """Wait for it."""
    async with asyncio.timeout(60), changed:
        await changed.wait_for(true)


def proved(since=0):
    """Updates that were proved, after some entry."""
    return report["books"][since:].count(True)


async def break_books(books):
    """Wrong once, and missing once: the client begins anew, and has the exchange's book."""
    # A single update that is missing may be made good by the next one, about the same level.
    for name, kind, messages in (("wrong", "broken-checksum", 1), ("hole", "gap", 10)):
        since = len(report["books"])
        await until(lambda since=since: proved(since) >= UPDATES)
        fault(name, kind, messages=messages, channel="book")
        await until(lambda since=since: any(isinstance(said, str) for said in report["books"][since:]))
        since = len(report["books"])
        await until(lambda since=since: report["books"][since:][-UPDATES:].count(True) == UPDATES)
        report.setdefault("after the wrong one", len(report["books"]))
    ask("/admin/clock", {"action": "pause"})
    rest = next(iter(Market().get_order_book(pair="XBTUSD", count=DEPTH).values()))
    wanted = {side: [level[:2] for level in rest[side]] for side in ("asks", "bids")}
    deadline = time.monotonic() + 60
    while True:
        book = books.get(SYMBOL)
        held = {
            side + "s": [[price, size[0]] for price, size in book[side].items()] for side in ("ask", "bid")
        }
        if held == wanted or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.05)
    report["book"] = {"held": held, "rest": wanted}
    ask("/admin/clock", {"action": "resume"})


def raised(what, call):
    """The class of what a request raises; empty where it is answered."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - whatever class it raises is reported
        report["refused"][what] = type(error).__name__
    else:
        report["refused"][what] = ""


def refuse():
    """Requests that are refused on purpose, and afterwards are not."""
    user, market = User(**KEY), Market()
    user.get_account_balance()
    for what, kind, key, fields, calls in (
        ("lockout", "ban", told["grant"], {}, {"private": user.get_account_balance, "public": tick}),
        ("rate", "ban", "", {"address": "127.0.0.1"}, {"private": user.get_account_balance, "public": tick}),
        ("skew", "clock-skew", "", {"skew_ms": 3_600_000}, {"private": user.get_account_balance}),
        (
            "maintenance",
            "maintenance",
            "",
            {},
            {"private": user.get_account_balance, "public": tick, "order": place},
        ),
    ):
        fault(what, kind, key, **fields)
        for name, call in calls.items():
            raised(f"{what}, {name}", call)
        if what == "maintenance":
            report["status"] = market.get_system_status()["status"]
        ask(f"/admin/faults?name={what}", method="DELETE")
        raised(f"after {what}", user.get_account_balance)


def tick():
    """Something public."""
    return Market().get_ticker(pair="XBTUSD")


def place():
    """An order."""
    return Trade(**KEY).create_order(
        ordertype="limit", side="buy", pair="XBTUSD", volume="0.01", price="1000.0"
    )


async def main():
    books, orders = Books(depth=DEPTH), Orders(**KEY)
    await books.start()
    await books.add_book(pairs=[SYMBOL])
    await orders.start()
    await orders.subscribe(params={"channel": "level3", "symbol": [SYMBOL], "depth": DEPTH})
    await break_books(books)
    await until(lambda: report["orders"]["messages"] >= 300)
    await books.close()
    await orders.close()
    refuse()
    print(json.dumps(report))


asyncio.run(main())
