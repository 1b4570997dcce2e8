"""The channel of an account's orders through a whole server, beside what is had of them by request."""

import pytest
from coinbase_server import exchange, jwt, price

from feed.dialects.coinbase.account.view import user_id


class Listener:
    """A connection that listens to an account."""

    def __init__(self, server, client):
        self.server = server
        self.client = client

    async def ask(self, name="alice", *products, kind="subscribe", channel="user", **token):
        """The first message that answers a request."""
        seconds = self.server.now // 1000
        shown = {"jwt": jwt(name, seconds, **token)} if name else {}
        named = {"product_ids": list(products)} if products else {}
        await self.client.send({"type": kind, "channel": channel, **named, **shown})
        return await self.client.message()

    async def orders(self):
        """The kind of the next message of the channel, and the orders in it."""
        message = await self.client.message()
        assert message["channel"] == "user"
        [event] = message["events"]
        assert not any(event["positions"].values())
        return event["type"], event["orders"]


async def listener(server):
    client = server.connect()
    assert (await client.upgrade("/coinbase"))[0] == 101
    return Listener(server, client)


def some(order, *names):
    return tuple(order[name] for name in names)


async def test_an_account_is_told_of_its_orders(autojump_clock):
    """Open ones first, then each as it stands: with the figures that a request has, and nobody else's."""
    async with exchange() as server:
        low, high = (price(server.quote[0] - 100), price(server.quote[1] + 10_000))
        waits = await server.order("limit_limit_gtc", base_size="0.5", limit_price=low, post_only=True)
        await server.order("limit_limit_gtc", "bob", base_size="0.1", limit_price=low)
        alice = await listener(server)
        said = await alice.ask()
        assert said["events"] == [{"subscriptions": {"user": [user_id(1)]}}]
        kind, [first] = await alice.orders()
        assert (kind, first["order_id"]) == ("snapshot", waits["order_id"])
        assert some(first, "status", "order_side", "order_type", "time_in_force", "post_only") == (
            "OPEN",
            "BUY",
            "Limit",
            "GTC",
            "true",
        )
        same = ("client_order_id", "completion_percentage", "outstanding_hold_amount", "trigger_status")
        assert some(first, *same) == some(waits, *same)
        assert some(first, "limit_price", "leaves_quantity", "cumulative_quantity") == (
            low,
            "0.50000000",
            "0.00000000",
        )
        await server.order("limit_limit_gtc", "bob", base_size="0.1", limit_price=low)
        taken = await server.order("limit_limit_gtc", base_size="0.01", limit_price=high)
        told = []
        while not told or told[-1]["status"] != "FILLED":
            kind, [order] = await alice.orders()
            assert (kind, order["order_id"]) == ("update", taken["order_id"])
            told.append(order)
        same = ("filled_value", "total_fees", "number_of_fills", "total_value_after_fees")
        assert some(told[-1], *same) == some(taken, *same)
        assert told[-1]["avg_price"] == taken["average_filled_price"]
        await server.post("alice", "/orders/batch_cancel", order_ids=[waits["order_id"]])
        _, [gone] = await alice.orders()
        assert some(gone, "status", "leaves_quantity", "cancel_reason") == (
            "CANCELLED",
            "0.00000000",
            "User requested cancel",
        )
        numbers = (await alice.ask(kind="unsubscribe"))["sequence_num"]
        assert numbers == 3 + len(told)


async def test_only_chosen_products_are_told_of(autojump_clock):
    """Where some are named."""
    async with exchange() as server:
        alice = await listener(server)
        await alice.ask("alice", "ETH-USD")
        assert (await alice.orders())[1] == []
        await server.order("limit_limit_gtc", base_size="0.5", limit_price=price(server.quote[0] - 100))
        said = await alice.ask(kind="unsubscribe")
        assert said["events"] == [{"subscriptions": {}}]


@pytest.mark.parametrize(
    ("name", "token", "error"),
    [
        (None, {}, "authentication failure"),
        ("erin", {}, "authentication failure"),
        ("alice", {"sub": "x"}, "authentication failure: sub of the token is not its kid"),
        ("alice", {"exp": 10}, "authentication failure: the token must last 120 seconds at most"),
    ],
)
async def test_nobody_else_is_told(autojump_clock, name, token, error):
    """Without a token, with a key of another protocol, or with a token that is not good."""
    async with exchange() as server:
        other = await listener(server)
        assert await other.ask(name, **token) == {"type": "error", "message": error}
        if name:
            public = await other.ask(name, "BTC-USD", channel="level2", **token)
            assert public == {"type": "error", "message": error}


async def test_a_token_of_no_request_is_taken_on_any_channel(autojump_clock):
    """By ES256 and by EdDSA."""
    async with exchange() as server:
        for name in ("alice", "bob"):
            one = await listener(server)
            said = await one.ask(name, "BTC-USD", channel="ticker")
            assert said["events"] == [{"subscriptions": {"ticker": ["BTC-USD"]}}]
