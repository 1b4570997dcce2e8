"""What the guide tells of accounts: to whoever has shown a key of the account, and to nobody else."""

import json
from decimal import Decimal

import trio
from asking import ask as ask_http
from railway import KEYS, hear, railway
from virtual import run

CHANNELS = ["orders", "positions", "balances"]


async def listening(opened, name="alice", channels=CHANNELS, query=""):
    """A client past its confirmation."""
    client = await opened.upgraded(f"/guide{query}")
    await client.send({"type": "auth", "key": KEYS[name]})
    await client.send({"type": "subscribe", "channels": channels})
    _, confirmed = await client.messages(2)
    assert (confirmed["type"], confirmed["channels"]) == ("subscribed", channels)
    return client


async def trade(opened, name="alice", **fields):
    body = {"symbol": "BTC-USD", "action": "buy", "volume": 0.01} | fields
    headers = {"Authorization": f"Bearer {KEYS[name]}"}
    options = {"method": "POST", "body": json.dumps(body).encode()}
    status, _, answer = await ask_http(opened.connect(), "/api/trade", **options, **headers)
    return status, answer


def in_house(test):
    """Run a test with a house on a virtual clock."""

    def running():
        async def main():
            async with railway() as opened:
                await trio.sleep(1)
                await test(opened)

        run(main)

    running.__name__, running.__doc__ = test.__name__, test.__doc__
    return running


@in_house
async def test_an_account_is_told_what_happens_to_it(opened):
    """Its orders, fills, positions and balances, whichever protocol they came by; no other account is."""
    client, other = await listening(opened), await listening(opened, "bob")
    status, order = await trade(opened, sl=1)
    assert status == 200
    placed, fill, position, balance = await hear(client, 0.5)
    kinds = [(it["type"], it["channel"]) for it in (placed, fill, position, balance)]
    assert kinds == [
        ("order", "orders"),
        ("fill", "orders"),
        ("position", "positions"),
        ("balance", "balances"),
    ]
    price = str(order["data"]["avgPrice"])
    assert (placed["id"], placed["side"], placed["status"]) == (str(order["data"]["ticket"]), "buy", "active")
    assert (placed["stop_loss"], placed["take_profit"], placed["reason"]) == ("1.00", None, None)
    assert (fill["order"], Decimal(fill["price"]), fill["left"]) == (placed["id"], Decimal(price), "0.0000")
    assert (position["size"], Decimal(position["entry"])) == ("0.0100", Decimal(price))
    assert (balance["asset"], balance["cause"], balance["leverage"]) == ("USD", "trade", 10)
    gained = Decimal(balance["equity"]) - Decimal(balance["cash"])
    assert gained == Decimal(position["unrealised"])
    assert Decimal(balance["cash"]) == 1_000_000 - Decimal(fill["fee"])
    assert placed["seq"] < fill["seq"] < position["seq"] < balance["seq"]
    assert await hear(other, 0.5) == []


@in_house
async def test_one_symbol_can_be_listened_to(opened):
    """Then what happens in others is not told; and it can be resumed like all that is told of events."""
    channels = ["positions_ethusd", "positions_btcusd"]
    client = await listening(opened, channels=channels, query="?ext=seq")
    alone = await listening(opened, channels=channels[:1])
    await trade(opened)
    await trade(opened)
    first, second = await hear(client, 0.5)
    assert (first["channel"], first["symbol"]) == ("positions_btcusd", "BTC-USD")
    assert await hear(alone, 0.5) == []
    back = await listening(opened, channels=channels, query=f"?ext=seq&since={first['pos']}")
    assert await hear(back, 0.5) == [second]


@in_house
async def test_the_other_protocol_tells_the_same_at_the_same_number(opened):
    """Of one account, of which both are told."""
    client = await listening(opened)
    streams = "market=BTC-USD&subscriptions=positions,balances&ext=seq"
    rails = await opened.board("alice", streams)
    await trade(opened, action="sell")
    told = {it["seq"]: it["data"] for it in await hear(rails, 0.5)}
    same = {
        "position": {"entry": "avgEntryPrice", "mark": "markPrice", "unrealised": "unrealizedPnl"},
        "balance": {"cash": "totalBalance", "equity": "equity", "maintenance": "maintenanceMargin"},
    }
    ours = [it for it in await hear(client, 0.5) if it["type"] in same]
    assert len(ours) == len(told) == 2
    for message in ours:
        for one, two in same[message["type"]].items():
            assert message[one] == told[message["seq"]][two]


@in_house
async def test_a_key_is_needed(opened):
    """Without one, an error says so; and they are not pushed to webhooks."""
    client = await opened.upgraded("/guide")
    await client.send({"type": "subscribe", "channels": ["orders", "positions_btcusd"]})
    said = await client.message()
    needed = 'a key is needed; send {"type":"auth","key":"..."} first'
    assert said == {"type": "error", "message": f"orders, positions_btcusd: {needed}"}
    body = json.dumps({"url": "https://example.com/x", "channels": ["orders"]}).encode()
    options = {"method": "POST", "body": body, "X_API_Key": KEYS["alice"]}
    status, _, answer = await ask_http(opened.connect(), "/guide/api/v1/webhooks", **options)
    assert (status, answer["error"]["code"]) == (404, "not_found")
