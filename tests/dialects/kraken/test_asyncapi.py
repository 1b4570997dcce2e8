"""What Kraken's AsyncAPI document declares is what is said."""

import json

import msgspec
from kraken_trading import Floor

from feed.dialects.kraken.asyncapi import OPERATIONS
from feed.dialects.kraken.dialect import DIALECT
from feed.dialects.kraken.private import changing, order_shapes, requests, terms
from feed.dialects.kraken.streams.topics import HEARTBEAT, topic
from feed.dialects.kraken.version1.encoders import PREFIX
from feed.model.events import STATUS, Status

PAIRS = ["BTC/USD", "ETH/USD"]
TOKEN = "token-1"


class Speaker:
    """A connection, and a record of what is said on it."""

    def __init__(self, floor, said, channel, path):
        self.connection, self._said, self._channel, self._told = floor.connect(path), said, channel, 0
        self.record()

    def say(self, message, *, wrong=False):
        if not wrong:
            self._said.say(self._channel, message)
        found = self.connection.say(json.dumps(message))
        self.record()
        return found

    def ask(self, method, number=1, **params):
        said = {"method": method, "params": params, "req_id": number}
        return [one for one in self.say(said) if isinstance(one, dict) and one.get("method") == method]

    def record(self):
        told = self.connection.told
        self._said.hear(self._channel, told[self._told :])
        self._told = len(told)


def listen(speaker, floor):
    """Every public channel, with and without a snapshot, to its end."""
    speaker.say({"method": "ping", "req_id": 3})
    speaker.ask("subscribe", channel="instrument")
    for channel, more in (
        ("ticker", {}),
        ("ticker", {"event_trigger": "bbo"}),
        ("trade", {"snapshot": True}),
        ("book", {"depth": 25}),
        ("level3", {"depth": 10, "token": TOKEN}),
        ("ohlc", {"interval": 5}),
        ("book", {"snapshot": False}),
    ):
        speaker.ask("subscribe", channel=channel, symbol=[*PAIRS, "NO/PAIR"], **more)
        floor.advance(2)
        speaker.record()
    floor.publish(
        [(STATUS, 0, floor.state.now, int(Status.HALTED)), (STATUS, 0, floor.state.now, int(Status.TRADING))]
    )
    speaker.record()
    speaker.ask("unsubscribe", channel="ticker", symbol=PAIRS)
    speaker.ask("unsubscribe", channel="instrument")
    speaker.say({"method": "nonsense"}, wrong=True)


def trade(speaker, floor):
    """Every request for an account, with what it is told meanwhile."""
    terms = {"token": TOKEN, **speaker.connection.terms(order_qty=0.01)}
    plain = {name: value for name, value in terms.items() if name not in ("token", "symbol")}
    market = {name: value for name, value in terms.items() if name != "limit_price"} | {
        "order_type": "market"
    }
    speaker.ask("subscribe", channel="executions", token=TOKEN, snap_trades=True, order_status=True)
    speaker.ask("subscribe", channel="balances", token=TOKEN)
    speaker.ask("subscribe", channel="balances", token="wrong")
    for more in ({}, {"side": "sell"}, {"order_qty": 2}):
        speaker.ask("add_order", **market | more)
    (placed,) = speaker.ask("add_order", **terms, cl_ord_id="mine", order_userref=7, post_only=True)
    name = {"order_id": placed["result"]["order_id"]}
    stop = {"order_type": "stop-loss", "side": "sell", "triggers": {"price": 40_000.5}}
    speaker.ask(
        "add_order", **{**market, **stop, "time_in_force": "gtd", "expire_time": "2023-11-20T00:00:00Z"}
    )
    speaker.ask("amend_order", token=TOKEN, **name, order_qty=0.02)
    (edited,) = speaker.ask("edit_order", token=TOKEN, **name, symbol="BTC/USD", order_qty=0.03)
    speaker.ask("edit_order", token=TOKEN, **name, symbol="BTC/USD", order_qty=0.03)
    speaker.ask("batch_add", token=TOKEN, symbol="BTC/USD", orders=[plain, {**plain, "order_qty": 1000}])
    speaker.ask("cancel_order", token=TOKEN, order_id=[edited["result"]["order_id"], "OAAAAA-AAAAA-AAAAAA"])
    speaker.ask("add_order", **terms, cl_ord_id="other", order_userref=8)
    speaker.ask("cancel_order", token=TOKEN, order_userref=8)
    speaker.ask("batch_cancel", token=TOKEN, orders=["OAAAAA-AAAAA-AAAAAA"])
    (placed,) = speaker.ask("add_order", **terms)
    speaker.ask("batch_cancel", token=TOKEN, orders=[placed["result"]["order_id"]])
    speaker.ask("cancel_all_orders_after", token=TOKEN, timeout=60)
    speaker.ask("cancel_all", token=TOKEN)
    # Two orders of one account that would trade with each other.
    _, ask = floor.quote()
    inside = {**terms, "limit_price": round(ask - 0.1, 1), "stp_type": "cancel_both"}
    speaker.ask("add_order", **{**inside, "side": "sell"})
    speaker.ask("add_order", **inside)
    speaker.ask("unsubscribe", channel="executions", token=TOKEN)
    speaker.ask("subscribe", channel="executions", token=TOKEN, snap_trades=True, snap_orders=True)


def listen_first(speaker, floor):
    """Every channel of version 1."""
    speaker.say({"event": "ping", "reqid": 1})
    for name, more in (
        ("ticker", {}),
        ("trade", {}),
        ("spread", {}),
        ("ohlc", {"interval": 5}),
        ("book", {"depth": 25}),
    ):
        subscription = {"name": name, **more}
        speaker.say({"event": "subscribe", "pair": ["XBT/USD", "NO/PAIR"], "subscription": subscription})
    floor.advance(400)  # some trades among it
    speaker.record()
    speaker.say({"event": "unsubscribe", "pair": ["XBT/USD"], "subscription": {"name": "ticker"}, "reqid": 2})
    speaker.say({"event": "subscribe", "pair": ["XBT/USD"], "subscription": {"name": "ownTrades"}})
    speaker.say({"event": "addOrder"}, wrong=True)
    speaker.say({"event": "nonsense"}, wrong=True)


def test_every_message_is_one_that_is_declared(conversation):
    """Both versions: each channel, each request for an account, and what it is told."""
    floor = Floor()
    said = conversation("kraken", floor.listing, number="req_id")
    speaker = Speaker(floor, said, "v2", "/v2")
    listen(speaker, floor)
    trade(speaker, floor)
    listen_first(Speaker(floor, said, "v1", "/v1"), floor)
    for name, channel in ((HEARTBEAT, "v2"), (f"{PREFIX}{HEARTBEAT}", "v1")):
        said.hear(channel, [DIALECT.encoder(topic(name), floor.listing[0], floor.state).on_timer(1, 1)])
    said.check()


def members(shape):
    return {one.encode_name for one in msgspec.structs.fields(shape)}


def test_parameters_that_are_declared_are_those_that_are_taken():
    """Of every method, and of none besides."""
    assert set(OPERATIONS) | {"batch_cancel"} == {"subscribe", "unsubscribe", *requests.METHODS}
    assert members(order_shapes.OrderTerms) == set(terms.ORDER)
    assert members(order_shapes.AddOrder) == {*terms.ORDER, *terms.WHOLE, "token"}
    assert members(order_shapes.BatchAdd) == {*terms.WHOLE, "orders", "token"}
    assert members(order_shapes.Triggers) == set(terms.TRIGGERS)
    assert members(order_shapes.AmendOrder) == {*changing._AMENDED, "token"}
    assert members(order_shapes.EditOrder) == {*changing._EDITED, "token"}
