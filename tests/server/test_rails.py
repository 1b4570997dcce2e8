"""Rails through the whole server: tokens, orders, privacy, and the same bytes for everybody."""

import json

import pytest
import trio
from asking import ask as ask_http
from railway import KEYS, SECRET, ask, hear, railway
from virtual import run

from feed import Settings
from feed.dialects.rails.policy import RailsPolicy
from feed.model.instruments import Contract
from feed.model.requests import CancelMany
from feed.policies import Policies
from feed.settings import Tokens, Trading
from feed.sim.defaults import default_market

ID = "0835bf3e-4a20-41f0-908d-8213f2b7a285"
MARKET = {"orderType": "buy", "tradeType": "market", "quantity": "0.01"}
FAR = {"orderType": "buy", "tradeType": "limit", "price": "60000.00", "quantity": "0.01"}
ALL = "subscriptions=orders,trades,publicTrades,publicOrderBook"


def kinds(heard):
    return [
        (message["resultType"], message["data"].get("statusCode"))
        for message in heard
        if isinstance(message["data"], dict)
    ]


def test_a_market_that_takes_no_orders_does_not_say_active():
    """Predictions can be read; where they are traded, and by whom, is another matter."""

    async def main():
        async with railway(instruments=(0, None)) as open_:
            _, _, body = await ask_http(open_.connect(), "/api/v1/markets")
            held = [item.contract is not Contract.PREDICTION for item in default_market().listing()]
            assert [item["status"] for item in body] == ["active" if yes else "readOnly" for yes in held]
            assert False in held

    run(main)


# --- getting in --------------------------------------------------------------------------------------


async def token_of(open_, name, secret=SECRET):
    client = open_.connect()
    headers = {"X_Api_Key": KEYS[name]} | ({"X_Api_Secret": secret} if secret is not None else {})
    return await ask_http(client, "/api/v1/token", method="POST", **headers)


def test_a_token_is_given_for_key_and_secret():
    """As the document has it; a read-only key gets one too, and it opens nothing."""

    async def main():
        async with railway() as open_:
            status, _, token = await token_of(open_, "alice")
            assert status == 200
            assert (token["token_type"], token["expires_in"]) == ("Bearer", 1800)
            client = await open_.board("alice", token=token["access_token"])
            await ask(client, "ping")
            assert (await client.message())["resultType"] == "pong"
            status, _, token = await token_of(open_, "carol")
            assert status == 200
            client = open_.connect()
            subprotocol = f"authorization#{token['access_token']}"
            await client.send_bytes(
                f"GET /?market=BTC-USD HTTP/1.1\r\nHost: localhost\r\n"
                f"Upgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n".encode()
            )
            status, _, body = await client.answer()
            assert (status, body["statusCode"]) == (403, 403)

    run(main)


@pytest.mark.parametrize("secret", ["wrong", "", None])
def test_no_token_without_the_secret(secret):
    """401, in the protocol's words, and nothing of key or secret in the answer."""

    async def main():
        async with railway() as open_:
            status, _, body = await token_of(open_, "alice", secret)
            assert (status, body["statusCode"]) == (401, 401)
            assert KEYS["alice"] not in json.dumps(body)

    run(main)


def test_a_key_gets_so_many_tokens_a_minute():
    """Past it 429 with the time to wait; another key is not concerned, and a minute later all is well."""

    async def main():
        async with railway(Settings(tokens=Tokens(per_minute=2))) as open_:
            statuses = [(await token_of(open_, "alice"))[0] for _ in range(3)]
            assert statuses == [200, 200, 429]
            assert (await token_of(open_, "bob"))[0] == 200
            await trio.sleep(60)
            assert (await token_of(open_, "alice"))[0] == 200

    run(main)


def test_connections_of_an_account_are_counted():
    """Five at once, then 403; one that ends makes room. Twenty new ones in a minute, then 429."""

    async def main():
        async with railway() as open_:
            clients = [await open_.board("bob") for _ in range(5)]

            async def status():
                client = open_.connect()
                found, _ = await client.upgrade(
                    "/rails?market=BTC-USD", Sec_WebSocket_Protocol=f"authorization#{open_.token('bob')}"
                )
                clients.append(client)
                return found

            assert await status() == 403
            await clients[0].stream.aclose()
            await trio.sleep(1)
            assert await status() == 101
            assert [await status() for _ in range(14)] == [403] * 13 + [429]
            await open_.board("alice")

    run(main)


# --- orders ------------------------------------------------------------------------------------------


def test_an_order_is_acknowledged_accepted_and_filled_in_order():
    """And the public sees the same match at the same place."""

    async def main():
        async with railway() as open_:
            public = await open_.board("bob", "market=BTC-USD&subscriptions=publicTrades&ext=seq")
            client = await open_.board("alice", "market=BTC-USD&subscriptions=orders,trades&ext=seq")
            await trio.sleep(1)
            await ask(client, "createOrder", clientRequestId=ID, **MARKET)
            pending, accepted, fill = await client.messages(3)
            assert [item["data"]["statusCode"] for item in (pending, accepted)] == [202, 200]
            assert pending["data"]["clientRequestId"] == ID
            (mine,) = fill["data"]
            assert (mine["executionType"], mine["fillType"]) == ("taker", "complete")
            while (trade := await public.message())["data"]["orders"][0]["matchId"] != mine["matchId"]:
                pass
            assert trade["seq"] == fill["seq"] - 1
            for side in trade["data"]["orders"]:
                assert (side["price"], side["quantity"]) == (mine["price"], mine["quantity"])

    run(main)


def test_an_account_can_see_why_an_order_was_refused():
    """Balances, positions, open orders and fills by request agree with what the streams have told."""

    async def main():
        async with railway(Settings(trading=Trading(deposit=1000))) as open_:
            streams = "subscriptions=orders,trades,positions,balances"
            client = await open_.board("alice", f"market=BTC-USD&{streams}")
            await trio.sleep(1)

            async def get(path, name="alice"):
                bearer = f"Bearer {open_.token(name)}"
                status, _, body = await ask_http(open_.connect(), f"/api/v1/{path}", Authorization=bearer)
                return body if status == 200 else status

            await ask(client, "createOrder", leverage="10", **MARKET | {"quantity": "0.14"})
            heard = await hear(client, 1)
            told = {item["resultType"]: item["data"] for item in heard}
            await ask(client, "createOrder", leverage="10", **FAR | {"quantity": "0.1"})
            refused = (await client.messages(2))[-1]
            assert (refused["resultType"], refused["data"]["body"]) == ("rejectOrder", "insufficient balance")
            await ask(client, "createOrder", leverage="10", **FAR | {"quantity": "0.0001"})
            await client.messages(2)
            owned = await get("balances")
            assert owned["totalBalance"] == told["balancesDelta"]["totalBalance"]
            assert float(owned["availableBalance"]) < 600
            assert (owned["deposit"], owned["leverage"]) == ("1000.000000", "10")
            here = owned["marketBalancesMap"]["BTC-USD"]
            assert (here["positionQuantity"], here["openBuyQty"]) == ("0.1400", "0.0001")
            (held,) = (await get("positions?market=BTC-USD"))["positions"]
            assert (held["type"], held["quantity"]) == ("LONG", "0.1400")
            assert held["avgEntryPrice"] == told["positionsDelta"]["avgEntryPrice"]
            (order,) = (await get("open-orders"))["openOrders"]
            assert (order["orderStatus"], order["quantity"]) == ("active", "0.0001")
            fills = (await get("fills"))["fills"]
            streamed = [item["data"][0] for item in heard if item["resultType"] == "completedOrdersDelta"]
            assert fills == streamed[::-1]
            assert (await get("positions", "bob"))["positions"] == []
            assert (await get("balances?asset=XYZ"), await get("positions?market=NO-SUCH")) == (404, 404)
            for header in ("Bearer nothing", f"Bearer {KEYS['alice']}", open_.token("alice")):
                status, _, body = await ask_http(open_.connect(), "/api/v1/balances", Authorization=header)
                assert (status, body["statusCode"]) == (401, 401)

    run(main)


def test_positions_are_those_of_the_keys_account():
    """What one has bought by one protocol is shown by another's REST, to that account alone."""

    async def main():
        async with railway() as open_:
            client = await open_.board("alice", "market=BTC-USD&subscriptions=orders,trades")
            await trio.sleep(1)
            await ask(client, "createOrder", **MARKET)
            await client.messages(3)
            held = {}
            for name in ("alice too", "bob", "carol"):
                asking = open_.connect()
                bearer = f"Bearer {KEYS[name]}"
                _, _, answer = await ask_http(asking, "/api/positions", Authorization=bearer)
                held[name] = [(it["symbol"], it["action"], it["volume"]) for it in answer["data"]]
            assert held == {"alice too": [("BTC-USD", "buy", 0.01)], "bob": [], "carol": []}

    run(main)


def test_an_order_can_be_followed_after_a_broken_connection():
    """Its fate is told to who resumes, byte for byte, and to who asks for the account's orders."""

    async def main():
        async with railway() as open_:
            query = "market=BTC-USD&ext=seq"
            witness = await open_.board("alice", query)
            client = await open_.board("alice", query)
            await ask(client, "createOrder", clientRequestId=ID, **FAR)
            first = await client.message()
            await client.stream.aclose()
            await trio.sleep(1)
            back = await open_.board("alice", f"{query}&since={first['pos']}")
            assert await back.text() == (await witness.text(), await witness.text())[1]
            await ask(back, "emitOrders")
            (order,) = (await back.message())["data"]["orders"]
            assert (order["clientRequestId"], order["orderStatus"]) == (ID, "active")
            await ask(back, "createOrder", clientRequestId=ID, **FAR)
            assert (await back.message())["data"]["statusCode"] == 409

    run(main)


def test_too_many_order_requests_are_answered_one_by_one():
    """20,000 in a minute: 10,000 act, the others get 429; nobody is cut, and others are not held up."""

    async def main():
        settings = Settings(policies=Policies(rails=RailsPolicy(orders_per_minute=100)))
        async with railway(settings) as open_:
            client, other = await open_.board("alice"), await open_.board("bob")
            for _ in range(200):
                await ask(client, "cancelOrder", cancelBy="all")
            codes = [(await client.message())["data"]["statusCode"] for _ in range(200)]
            assert sorted(codes) == [404] * 100 + [429] * 100
            await ask(other, "createOrder", **FAR)
            assert [item["data"]["statusCode"] for item in await other.messages(2)] == [202, 200]

    run(main)


def test_a_market_that_cannot_keep_up_says_so():
    """The request is answered at once and does nothing; what came before it acts."""

    async def main():
        async with railway(waiting=1) as open_:
            client = await open_.board("alice")
            open_.script.control.pause()
            source = open_.script
            assert source.submit(_cancel_all())
            assert not source.submit(_cancel_all())
            await ask(client, "createOrder", **FAR)
            heard = await hear(client, 1)
            assert ("cancelOrder", 404) in kinds(heard)

    run(main)


def _cancel_all():
    return CancelMany(account=1, instrument=0)


def test_a_market_that_is_over_takes_nothing():
    """Each request is answered with 503."""

    async def main():
        async with railway() as open_:
            client = await open_.board("alice")
            open_.script._over = True
            await ask(client, "createOrder", clientRequestId=ID, **FAR)
            message = await client.message()
            assert (message["resultType"], message["data"]["statusCode"]) == ("createOrder", 503)

    run(main)


# --- privacy and the same bytes ----------------------------------------------------------------------


def test_no_account_hears_of_another():
    """Under any mix of subscribing, asking, reconnecting, and using a token twice."""

    async def main():
        async with railway() as open_:
            query = f"market=ALL&{ALL}&ext=seq"
            token = open_.token("alice")
            alice = [await open_.board("alice", query, token=token) for _ in range(2)]
            bob = await open_.board("bob", query)
            await ask(bob, "ping")
            began = next(item["pos"] for item in await hear(bob, 0.5) if item["resultType"] == "pong")
            await ask(alice[0], "createOrder", market="BTC-USD", clientRequestId=ID, **MARKET)
            await ask(alice[1], "createOrder", market="BTC-USD", **FAR)
            await ask(bob, "unsubscribe", subscriptions=["orders", "trades"])
            await ask(bob, "subscribe", subscriptions=["trades", "orders"])
            heard = await hear(alice[0], 1)
            resting = [
                item["data"]["order"]["orderId"]
                for item in heard
                if item["resultType"] == "createOrder" and item["data"]["order"]["price"] == "60000.00"
            ]
            await ask(bob, "cancelOrder", market="BTC-USD", orderId=resting[0])
            await ask(bob, "modifyOrder", market="BTC-USD", orderId=resting[0], quantity="1")
            await ask(bob, "cancelOrder", market="BTC-USD", cancelBy="all")
            await ask(bob, "emitOrders", market="BTC-USD", account=1)
            told = await hear(bob, 1)
            await bob.stream.aclose()
            back = await open_.board("bob", f"{query}&since={began}", token=open_.token("bob"))
            told += await hear(back, 1)
            private = [item for item in told if not item["resultType"].startswith("public")]
            codes = kinds(private)
            assert codes.count(("cancelOrder", 404)) == 2 * codes.count(("modifyOrder", 404))
            assert {kind for kind, _ in codes} == {
                "unsubscribed",
                "subscribed",
                "cancelOrder",
                "modifyOrder",
                "orders",
            }
            assert [item["data"]["orders"] for item in private if item["resultType"] == "orders"] == [[]]
            text = json.dumps(told)
            mine = {
                entry["orderId"]
                for item in heard
                if item["resultType"] == "completedOrdersDelta"
                for entry in item["data"]
            }
            assert mine
            assert not any(name in text for name in (*mine, *resting, ID))

    run(main)


@pytest.mark.parametrize("query", [f"market=BTC-USD&{ALL}", f"market=ALL&{ALL}&ext=seq,crc"])
def test_connections_of_one_account_agree_to_the_byte(query):
    """Two keys of one account, one reading all the while and one in gulps, and one that comes late."""

    async def main():
        async with railway() as open_:
            fast = await open_.board("alice", query)
            slow = await open_.board("alice too", query, capacity=4096)
            trader = await open_.board("alice", "market=BTC-USD")

            async def read(client):
                while True:
                    await client.text()

            async def read_slowly(client):
                while True:
                    await trio.sleep(0.05)
                    for _ in range(40):
                        await client.text()

            with trio.move_on_after(6):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(read, fast)
                    nursery.start_soon(read_slowly, slow)
                    nursery.start_soon(read, trader)
                    await trio.sleep(1)
                    late = await open_.board("alice", query)
                    nursery.start_soon(read, late)
                    for at in range(20):
                        await ask(trader, "createOrder", **(MARKET if at % 2 else FAR))
                        await trio.sleep(0.1)
                    await ask(trader, "cancelOrder", cancelBy="all")
                    await trio.sleep(1)
            shortest = min(len(fast.data), len(slow.data))
            assert shortest > 50_000
            assert fast.data[:shortest] == slow.data[:shortest]
            at = fast.data.find(late.data[:2000])
            assert at > 0
            shortest = min(len(fast.data) - at, len(late.data))
            assert fast.data[at : at + shortest] == late.data[:shortest]
            assert b"completedOrdersDelta" in late.data[:shortest]

    run(main)


def test_a_journal_gives_the_same_public_stream():
    """What everybody saw while accounts traded is seen again when the requests come from the journal."""

    async def main():
        journal = []

        async def watch(open_, orders, seconds):
            query = "market=BTC-USD&subscriptions=publicTrades,publicOrderBook&ext=seq"
            client = await open_.board("bob", query)
            trader = await open_.board("alice")
            for at in range(orders):
                await ask(trader, "createOrder", **(MARKET if at % 2 else FAR))
                await trio.sleep(0.2)
            if orders:
                await ask(trader, "cancelOrder", cancelBy="all")
            return {item["seq"]: item for item in await hear(client, seconds)}

        async with railway(journal=lambda entry: journal.append(entry) is None) as open_:
            live = await watch(open_, 10, 1)
        assert len(journal) == 11
        async with railway(entries=journal) as open_:
            again = await watch(open_, 0, 5)
        first, last = max(min(live), min(again)), min(max(live), max(again))
        assert any(item["data"].get("ts", 0) * 10**6 > journal[-1].at for item in live.values())

        def common(heard):
            return {seq: item for seq, item in heard.items() if first <= seq <= last}

        assert len(common(live)) > 100
        assert common(live) == common(again)
        assert last == max(live)

    run(main)
