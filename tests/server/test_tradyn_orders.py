"""Tradyn's orders through the whole server: by REST, told on the socket, and the same account in Rails."""

import json

import pytest
import trio
from asking import ask as ask_http
from railway import KEYS, hear, railway
from railway import ask as ask_rails
from virtual import run

from feed import Settings
from feed.dialects.tradyn.policy import TradynPolicy
from feed.policies import Policies
from feed.settings import Trading

SYMBOLS = ("EURUSD", "BTC-USD", "ETH-USD", "BTC-PERP", "BTC-UP-1H")
VOLUME = 0.01
NONE = {"ticket": 0, "volume": 0, "openPrice": 0, "openTime": 0}


def house(settings=None, **options):
    """A server whose market has a few instruments of each kind."""
    return railway(settings, symbols=SYMBOLS, **options)


class Trader:
    """Who asks with one key: the data of good answers, status and error of others."""

    def __init__(self, opened, name="alice", prefix="/v1"):
        self._opened = opened
        self._headers = {"Authorization": f"Bearer {KEYS[name]}"}
        self._prefix = prefix

    async def get(self, path):
        return await self._ask(f"{self._prefix}/api/{path}")

    async def post(self, path, body=None, **fields):
        content = body if isinstance(body, bytes) else json.dumps(fields).encode()
        return await self._ask(f"{self._prefix}/api/{path}", method="POST", body=content)

    async def trade(self, symbol="BTC-USD", volume=VOLUME, **fields):
        return await self.post("trade", symbol=symbol, volume=volume, **fields)

    async def mark(self, symbol="BTC-USD"):
        tick = await self.get(f"tick?symbol={symbol}")
        return round((tick["bid"] + tick["ask"]) / 2, 2)

    async def _ask(self, path, **options):
        status, _, body = await ask_http(self._opened.connect(), path, **options, **self._headers)
        assert body["success"] is (status == 200)
        return body["data"] if status == 200 else (status, body["error"])

    async def socket(self, *channels, query=""):
        """A socket that is told of the account, past its confirmation."""
        client = await self._opened.upgraded(f"/tradyn{query}")
        await client.send({"type": "auth", "apiKey": self._headers["Authorization"].split()[1]})
        await client.send({"type": "subscribe", "channels": list(channels)})
        *_, confirmed = await client.messages(3)
        assert confirmed["channels"] == list(channels)
        return client


def in_house(test):
    """Run a test with a house, and a trader in it, on a virtual clock."""

    def running():
        async def main():
            async with house() as opened:
                await trio.sleep(1)
                await test(Trader(opened), opened)

        run(main)

    running.__name__, running.__doc__ = test.__name__, test.__doc__
    return running


# --- orders of every type ----------------------------------------------------------------------------


@in_house
async def test_an_order_at_the_market_opens_a_position(trader, opened):
    """As the published example sends it; entry price, profit and exits are those of the account."""
    mark = await trader.mark()
    sl, tp = round(mark * 0.9, 2), round(mark * 1.1, 2)
    order = await trader.trade(action="buy", sl=sl, tp=tp)
    assert (order["type"], order["action"], order["status"]) == (0, "buy", "filled")
    assert order["volume"] == order["filled"] == VOLUME
    (position,) = await trader.get("positions")
    assert {name: position[name] for name in ("symbol", "type", "action", "volume", "sl", "tp")} == {
        "symbol": "BTC-USD",
        "type": 0,
        "action": "buy",
        "volume": VOLUME,
        "sl": sl,
        "tp": tp,
    }
    assert position["ticket"] == order["ticket"]
    assert position["openPrice"] == order["avgPrice"]
    profit = VOLUME * (position["currentPrice"] - position["openPrice"])
    assert position["profit"] == pytest.approx(profit, abs=0.02)
    account = await trader.get("account")
    (deal,) = await trader.get("deals")
    assert (deal["order"], deal["remaining"], deal["price"]) == (order["ticket"], 0, order["avgPrice"])
    assert account["balance"] == pytest.approx(1_000_000 - deal["commission"], abs=1e-6)
    assert account["equity"] == pytest.approx(account["balance"] + position["profit"], abs=1e-6)
    assert account["margin"] == pytest.approx(VOLUME * order["avgPrice"] / 10, abs=1e-6)
    assert (account["leverage"], account["positions"], account["orders"]) == (10, 1, 0)
    assert [fund["currency"] for fund in account["funds"]] == ["USD"]


@pytest.mark.parametrize("named", [{"type": 3}, {"action": "sell", "type": 3}, {"action": "Sell Limit"}])
def test_an_order_type_is_named_in_many_ways(named):
    """By number, by word, or both where they agree."""

    @in_house
    async def test(trader, opened):
        price = round(await trader.mark() * 1.2, 2)
        order = await trader.trade(price=price, **named)
        assert (order["type"], order["status"], order["price"]) == (3, "placed", price)

    test()


@pytest.mark.parametrize("kind", range(2, 6))
def test_a_pending_order_waits_and_trades(kind):
    """Limits below and above the market, stops above and below; then there is a position with its exits."""

    @in_house
    async def test(trader, opened):
        mark = await trader.mark()
        up = kind in {3, 4}
        price = round(mark * (1.02 if up else 0.98), 2)
        worse, better = (round(price * (1 + part), 2) for part in (0.2, -0.2)[:: 1 if kind % 2 else -1])
        order = await trader.trade(type=kind, price=price, sl=worse, tp=better, clientId="mine")
        assert (order["type"], order["status"], order["filled"]) == (kind, "placed", 0)
        assert (order["price"], order["sl"], order["tp"], order["clientId"]) == (price, worse, better, "mine")
        assert await trader.get("orders") == [order]
        assert await trader.get("positions") == []
        opened.script.control._run._market.shock(1, 0.05 if up else -0.05)
        await trio.sleep(3)
        (position,) = await trader.get("positions")
        assert (position["type"], position["ticket"]) == (kind % 2, order["ticket"])
        assert (position["sl"], position["tp"], position["volume"]) == (worse, better, VOLUME)
        assert await trader.get("orders") == []
        (over,) = await trader.get("orders/history")
        assert (over["ticket"], over["status"], over["clientId"]) == (order["ticket"], "filled", "mine")

    test()


@in_house
async def test_a_stop_loss_closes_the_position(trader, opened):
    """Without the client: its deals, and a position that is gone."""
    mark = await trader.mark()
    await trader.trade(action="sell", sl=round(mark * 1.01, 2))
    opened.script.control._run._market.shock(1, 0.03)
    await trio.sleep(3)
    assert await trader.get("positions") == []
    closing, opening = await trader.get("orders/history")
    assert (closing["type"], closing["status"], opening["type"]) == (4, "filled", 1)
    assert (await trader.get("account"))["balance"] < 1_000_000


# --- positions ---------------------------------------------------------------------------------------


@in_house
async def test_a_position_is_closed_in_parts(trader, opened):
    """By symbol or by ticket; profit is realised, and a ticket does not outlive its position."""
    ticket = (await trader.trade(action="buy"))["ticket"]
    part = await trader.post("positions/close", symbol="btcusd", volume=VOLUME / 4)
    assert (part["action"], part["filled"]) == ("sell", VOLUME / 4)
    (position,) = await trader.get("positions")
    assert position["volume"] == VOLUME * 3 / 4
    assert position["realizedProfit"] != 0
    rest = await trader.post("positions/close", ticket=ticket)
    assert rest["filled"] == VOLUME * 3 / 4
    assert await trader.get("positions") == []
    assert await trader.post("positions/close", ticket=ticket) == (404, "No such position")
    await trader.trade(action="sell")
    assert await trader.post("positions/close", ticket=ticket) == (404, "No such position")
    assert len(await trader.get("positions")) == 1


@in_house
async def test_exits_of_a_position_are_changed(trader, opened):
    """Each by itself; 0 removes one; what would act at once is refused."""
    mark = await trader.mark()
    ticket = (await trader.trade(action="buy", sl=round(mark / 2, 2)))["ticket"]
    position = await trader.post("positions/modify", ticket=ticket, tp=round(mark * 2, 2))
    assert (position["sl"], position["tp"]) == (round(mark / 2, 2), round(mark * 2, 2))
    position = await trader.post("positions/modify", symbol="BTC-USD", sl=0)
    assert (position["sl"], position["tp"]) == (0, round(mark * 2, 2))
    hardly = await trader.post("positions/modify", b'{"symbol":"BTC-USD","tp":1e-400}')
    assert (hardly[0], hardly[1][:4]) == (400, "tp: ")
    wrong = (400, "sl or tp is on the wrong side of the price")
    assert await trader.post("positions/modify", ticket=ticket, sl=round(mark * 1.5, 2)) == wrong
    assert await trader.post("positions/modify", ticket=ticket) == (400, "sl or tp is missing")
    assert (await trader.get("positions"))[0]["sl"] == 0


@in_house
async def test_a_pending_order_is_modified_and_cancelled(trader, opened):
    """Another one takes its place, with what was left out as it was."""
    price = round(await trader.mark() * 0.8, 2)
    first = await trader.trade(type=2, price=price, sl=round(price / 2, 2))
    second = await trader.post("orders/modify", ticket=first["ticket"], price=price - 1, volume=VOLUME * 2)
    assert second["ticket"] != first["ticket"]
    assert (second["price"], second["volume"], second["sl"]) == (price - 1, VOLUME * 2, first["sl"])
    assert await trader.post("orders/cancel", ticket=first["ticket"]) == (404, "No such order")
    stop = await trader.trade(type=4, price=round(price * 2, 2))
    stop = await trader.post("orders/modify", ticket=stop["ticket"], price=round(price * 2, 2) + 1)
    assert stop["price"] == round(price * 2, 2) + 1
    cancelled = await trader.post("orders/cancel", ticket=second["ticket"])
    assert (cancelled["ticket"], cancelled["status"]) == (second["ticket"], "cancelled")
    assert [order["ticket"] for order in await trader.get("orders")] == [stop["ticket"]]
    assert [it["ticket"] for it in await trader.post("orders/cancel-all", symbol="BTC-USD")] == [
        stop["ticket"]
    ]
    assert await trader.post("orders/cancel-all", symbol="BTC-USD") == (404, "No such order")


@in_house
async def test_all_pending_orders_are_cancelled(trader, opened):
    """Of every symbol, where none is named."""
    placed = []
    for symbol in ("BTC-USD", "EURUSD"):
        price = round(await trader.mark(symbol) * 0.8, 2)
        placed.append(await trader.trade(symbol, type=2, price=price))
    told = await trader.post("orders/cancel-all")
    assert told == [order | {"status": "cancelled", "time": told[0]["time"]} for order in placed]
    assert await trader.get("orders") == []


# --- what does not act -------------------------------------------------------------------------------

BAD = {
    "a volume of 0": (b'"volume":0,"action":"buy"', "volume"),
    "a negative volume": (b'"volume":-1,"action":"buy"', "volume"),
    "a volume in a string": (b'"volume":"1","action":"buy"', "volume"),
    "a volume that is true": (b'"volume":true,"action":"buy"', "volume"),
    "no volume": (b'"action":"buy"', "volume"),
    "a volume off the lot": (b'"volume":0.0000000001,"action":"buy"', "volume: "),
    "a volume beyond all": (b'"volume":1e300,"action":"buy"', "volume: "),
    "a volume beyond limits": (b'"volume":10000000000000,"action":"buy"', "volume is too large"),
    "a volume that is infinite": (b'"volume":1e400,"action":"buy"', "body"),
    "no number": (b'"volume":NaN,"action":"buy"', "not JSON"),
    "infinity": (b'"volume":Infinity,"action":"buy"', "not JSON"),
    "a side that is a number in a string": (b'"volume":1,"action":"0"', "action must be buy or sell"),
    "no side": (b'"volume":1', "action or type is missing"),
    "an unknown side": (b'"volume":1,"action":"hold"', "action must be buy or sell"),
    "a type beyond the last": (b'"volume":1,"type":6', "type"),
    "a type that is a fraction": (b'"volume":1,"type":0.5', "type"),
    "a type in a string": (b'"volume":1,"type":"0"', "type"),
    "two sides": (b'"volume":1,"action":"buy","type":1', "action and type differ: Buy and Sell"),
    "a pending order without a price": (b'"volume":1,"type":2', "price is missing: Buy Limit"),
    "a pending order at 0": (b'"volume":1,"type":2,"price":0', "price is missing: Buy Limit"),
    "a negative price": (b'"volume":1,"type":2,"price":-5', "price"),
    "a price in a string": (b'"volume":1,"type":2,"price":"5"', "price"),
    "a price off the tick": (
        b'"volume":1,"type":2,"price":100.001',
        "price: 100.001 is not a multiple of 0.01",
    ),
    "a price of many digits": (b'"volume":1,"type":2,"price":100.' + b"0" * 60, "price: "),
    "a price beyond limits": (b'"volume":1,"type":2,"price":1e20', "price is too large"),
    "a price at the market": (b'"volume":1,"action":"buy","price":5', "price is for pending orders: Buy"),
    "a stop loss off the tick": (b'"volume":1,"action":"buy","sl":1.001', "sl: 1.001"),
    "a negative stop loss": (b'"volume":1,"action":"buy","sl":-1', "sl"),
    "a take profit in a string": (b'"volume":1,"action":"buy","tp":"5"', "tp"),
    "a stop loss above": (b'"volume":1,"action":"buy","sl":900000', "sl or tp is on the wrong side"),
    "a stop loss that is hardly any": (b'"volume":1,"action":"buy","sl":1e-400', "sl: "),
    "a price that is hardly any": (
        b'"volume":1,"action":"buy","price":1e-400',
        "price is for pending orders",
    ),
    "no leverage": (b'"volume":1,"action":"buy","leverage":0', "leverage"),
    "too much leverage": (b'"volume":1,"action":"buy","leverage":11', "Leverage differs"),
    "a client's id with a space": (b'"volume":1,"action":"buy","clientId":"a b"', "clientId"),
    "a client's id that is long": (b'"volume":1,"action":"buy","clientId":"%s"' % (b"x" * 37), "clientId"),
    "a client's id in letters of another script": (
        '"volume":1,"action":"buy","clientId":"ü"'.encode(),
        "clientId",
    ),
}


def test_what_cannot_be_is_refused_and_does_nothing():
    """In the document's shape, with what is wrong; the account is what it was."""

    @in_house
    async def test(trader, opened):
        before = opened.script.control.status().seq
        for name, (fields, words) in BAD.items():
            answer = await trader.post("trade", b'{"symbol":"BTC-USD",' + fields + b"}")
            assert answer[0] == 400, (name, answer)
            assert words in answer[1], (name, answer)
        assert (await trader.trade("NOPE", action="buy"))[0] == 404
        assert (await trader.trade(7, action="buy"))[0] == 400
        assert await trader.trade("BTC-UP-1H", 1, action="buy") == (400, "Market is closed")
        assert await trader.get("positions") == await trader.get("orders") == await trader.get("deals") == []
        assert before < opened.script.control.status().seq

    test()


@pytest.mark.parametrize(
    ("path", "body", "refusal"),
    [
        ("positions/close", {}, (400, "ticket or symbol is missing")),
        ("positions/close", {"symbol": "BTC-USD"}, (404, "No such position")),
        ("positions/close", {"ticket": 7}, (404, "No such position")),
        ("positions/close", {"symbol": "BTC-USD", "volume": 0}, None),
        ("positions/modify", {"ticket": 7, "sl": 1}, (404, "No such position")),
        ("positions/modify", {"symbol": "BTC-USD", "sl": -1}, None),
        ("positions/modify", {"symbol": "BTC-USD", "sl": "1"}, None),
        ("orders/cancel", {}, None),
        ("orders/cancel", {"ticket": 10**30}, None),
        ("orders/cancel", {"ticket": "1"}, None),
        ("orders/cancel", {"ticket": 7}, (404, "No such order")),
        ("orders/modify", {"ticket": 7, "price": 1}, (404, "No such order")),
        ("orders/cancel-all", {"symbol": "NOPE"}, (404, "Unknown symbol: NOPE")),
    ],
)
def test_what_is_not_there_is_not_found(path, body, refusal):
    """404 in the document's shape, or 400 for what cannot be."""

    @in_house
    async def test(trader, opened):
        answer = await trader.post(path, **body)
        assert answer[0] == 400 if refusal is None else answer == refusal

    test()


def test_what_the_account_cannot_carry_is_told_in_figures():
    """What was needed and what there was; the same account says what backs what."""

    async def main():
        async with house(Settings(trading=Trading(deposit=1000))) as opened:
            await trio.sleep(1)
            trader = Trader(opened)
            assert (await trader.get("account"))["freeMargin"] == 1000
            body = b'{"symbol":"BTC-USD","action":"buy","volume":1}'
            headers = {"Authorization": f"Bearer {KEYS['alice']}"}
            status, _, refused = await ask_http(
                opened.connect(), "/v1/api/trade", method="POST", body=body, **headers
            )
            assert (status, refused["success"], refused["error"]) == (400, False, "Insufficient margin")
            assert (refused["currency"], refused["freeMargin"]) == ("USD", 1000)
            mark = await trader.mark()
            assert mark / 10 < refused["required"] < mark / 10 * 1.04
            assert (await trader.get("account"))["equity"] == 1000

    run(main)


@in_house
async def test_a_clients_id_is_good_for_one_order(trader, opened):
    """Whoever sends an order again after a lost answer does not send two."""
    first = await trader.trade(action="buy", clientId="once")
    assert await trader.trade(action="buy", clientId="once") == (400, "clientId was used before")
    assert await trader.trade(action="buy", clientId="ONCE") == (400, "clientId was used before")
    (position,) = await trader.get("positions")
    assert position["volume"] == first["filled"]


@in_house
async def test_keys_do_what_they_may(trader, opened):
    """One that reads alone sends no orders, and none is another account's."""
    await trader.trade(action="buy")
    reader, other = Trader(opened, "carol"), Trader(opened, "bob")
    assert await reader.trade(action="buy") == (403, "The API key does not have the scope trade")
    assert await reader.get("positions") == await other.get("positions") == []
    assert len(await Trader(opened, "alice too").get("positions")) == 1
    ticket = (await trader.get("positions"))[0]["ticket"]
    assert await other.post("positions/close", ticket=ticket) == (404, "No such position")


def test_leverage_is_chosen_once():
    """By an order of an account that has nothing open, or by the operator; then it is the account's."""

    async def main():
        policies = Policies(tradyn=TradynPolicy(leverage=5))
        async with house(Settings(policies=policies)) as opened:
            await trio.sleep(1)
            trader = Trader(opened)
            await trader.trade(action="buy")
            assert (await trader.get("account"))["leverage"] == 5
            refusal = (400, "Leverage differs from the account's, or is too high")
            assert await trader.trade(action="buy", leverage=2) == refusal
            await trader.post("positions/close", symbol="BTC-USD")
            await trader.trade(action="buy", leverage=2)
            assert (await trader.get("account"))["leverage"] == 2

    run(main)


def test_a_market_that_refuses_says_so():
    """503 in the document's shape where the request cannot be written down."""

    async def main():
        async with house(journal=lambda entry: False) as opened:
            await trio.sleep(1)
            assert await Trader(opened).trade(action="buy") == (503, "The market takes no requests now")

    run(main)


# --- the socket --------------------------------------------------------------------------------------


@in_house
async def test_the_socket_tells_of_the_account(trader, opened):
    """Orders and deals, positions and funds, in the objects that are had by request."""
    client = await trader.socket("orders", "positions", "account")
    order = await trader.trade(action="buy")
    heard = await hear(client, 0.5)
    assert [message["type"] for message in heard] == ["order", "deal", "position", "account"]
    placed, deal, position, account = (message["data"] for message in heard)
    assert (placed["ticket"], placed["status"]) == (order["ticket"], "placed")
    assert deal == (await trader.get("deals"))[0]
    same = ("ticket", "symbol", "volume", "openPrice", "sl", "tp", "realizedProfit", "openTime", "currency")
    (now,) = await trader.get("positions")
    assert {name: position[name] for name in same} == {name: now[name] for name in same}
    funds = await trader.get("account")
    same = ("currency", "balance", "margin", "leverage")
    assert {name: account[name] for name in same} == {name: funds[name] for name in same}
    assert (account["cause"], account["amount"]) == ("trade", 0)
    await trader.post("positions/close", symbol="BTC-USD")
    heard = await hear(client, 0.5)
    assert [message["type"] for message in heard] == ["order", "deal", "position", "account"]
    assert {name: heard[2]["data"][name] for name in NONE} == NONE


@in_house
async def test_the_published_client_hears_of_nothing_else(trader, opened):
    """Whoever has not asked for channels is told ticks alone; another account is told of its own."""
    plain = await opened.upgraded("/tradyn")
    await plain.send({"type": "auth", "apiKey": KEYS["alice"]})
    await plain.send({"type": "subscribe", "symbols": ["BTC-USD"]})
    other = await Trader(opened, "bob").socket("orders", "positions", "account")
    await trader.trade(action="buy")
    assert {message["type"] for message in await hear(plain, 2)} == {"welcome", "auth", "subscribed", "tick"}
    assert await hear(other, 1) == []


@in_house
async def test_what_the_socket_tells_can_be_resumed(trader, opened):
    """Byte for byte, from any position on."""
    first = await trader.socket("orders", "positions", "account", query="?ext=seq")
    await trader.trade(action="buy")
    await trader.trade(action="sell")
    heard = await hear(first, 1)
    for at in (0, 3):
        again = await opened.upgraded(f"/tradyn?ext=seq&since={heard[at]['pos']}")
        await again.send({"type": "auth", "apiKey": KEYS["alice"]})
        await again.send({"type": "subscribe", "channels": ["orders", "positions", "account"]})
        assert (await hear(again, 1))[3:] == heard[at + 1 :]


@in_house
async def test_channels_are_left_and_listed(trader, opened):
    """Beside the symbols, which they do not count among."""
    client = await trader.socket("orders", "account")
    await client.send({"type": "subscribe", "symbol": "EURUSD", "channels": ["positions"]})
    await client.send({"type": "unsubscribe", "channels": ["orders"]})
    await client.send({"type": "list"})
    said = [message for message in await hear(client, 0.5) if message["type"] != "tick"]
    assert [(message["type"], message["symbols"], message["channels"]) for message in said] == [
        ("subscribed", ["EURUSD"], ["positions"]),
        ("unsubscribed", [], ["orders"]),
        ("subscriptions", ["EURUSD"], ["account", "positions"]),
    ]
    assert {message["totalSubscriptions"] for message in said} == {1}
    await trader.trade(action="buy")
    assert {message["type"] for message in await hear(client, 0.5)} - {"tick"} == {"position", "account"}
    await client.send({"type": "subscribe", "channels": ["money"]})
    said = [message for message in await hear(client, 0.1) if message["type"] == "error"]
    assert said == [
        {"type": "error", "message": "Unknown channel(s): money; there are orders, positions, account"}
    ]


# --- one account in two protocols --------------------------------------------------------------------


@in_house
async def test_both_protocols_say_the_same_of_one_account(trader, opened):
    """At one number of the stream: what the one has sold the other holds, and closes."""
    rails = await opened.board(
        "alice", "market=BTC-USD&subscriptions=orders,trades,positions,balances&ext=seq"
    )
    client = await trader.socket("orders", "positions", "account", query="?ext=seq")
    sell = {"orderType": "sell", "tradeType": "market", "quantity": "0.01000000", "leverage": "10"}
    await ask_rails(rails, "createOrder", **sell)
    await trio.sleep(0.5)
    await trader.post("positions/close", symbol="BTC-USD", volume=0.005)
    theirs, ours = await hear(rails, 0.5), await hear(client, 0.5)
    told = {message["seq"]: message["data"] for message in theirs}
    kinds = {"order": 0, "deal": 0, "position": 0, "account": 0}
    for message in ours:
        told_here, other, kind = message["data"], told[message["seq"]], message["type"]
        kinds[kind] += 1
        if kind == "position":
            pairs = {
                "volume": "quantity",
                "openPrice": "avgEntryPrice",
                "currentPrice": "markPrice",
                "profit": "unrealizedPnl",
                "realizedProfit": "realizedPnl",
                "liquidationPrice": "liquidationPrice",
            }
        elif kind == "account":
            pairs = {
                "balance": "totalBalance",
                "equity": "equity",
                "freeMargin": "availableBalance",
                "margin": "margin",
                "maintenanceMargin": "maintenanceMargin",
            }
        else:
            continue
        assert {one: told_here[one] for one in pairs} == {
            one: float(other[two]) for one, two in pairs.items()
        }
    assert kinds == {"order": 2, "deal": kinds["deal"], "position": 2, "account": 2}
