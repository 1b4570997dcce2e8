"""What an account is told of its orders and balances, byte by byte as published."""

import json

import attrs
import pytest
from binance_account import GRANT, Account, report
from binance_market import BTC, LISTING, NOON

from feed.dialects.binance.account.client_ids import shown, shown_cancellation
from feed.dialects.binance.account.user_data import UserStream, user_data_encoder
from feed.dialects.binance.views import TimeUnit
from feed.model.events import Side, WalletChanged
from feed.model.executions import Leg
from feed.model.orders import SelfTrade
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, Trigger, packed

MS = NOON // 10**6
BARE = UserStream(account=GRANT.account)


def encoder(stream=BARE):
    projections = Account().exchange.projections
    (topic,) = stream.topics([BTC])
    return user_data_encoder(topic, LISTING[BTC], projections)


def told(item, stream=BARE):
    """The text that tells of an event."""
    return encoder(stream).encode(item)


def fields(item):
    return json.loads(told(item))


def test_an_order_that_was_accepted():
    """Every field of an executionReport, in the exchange's order."""
    own = report(client=packed("my-order"))
    assert told(own) == (
        f'{{"e":"executionReport","E":{MS},"s":"BTCUSDT","c":"my-order","S":"BUY","o":"LIMIT","f":"GTC",'
        '"q":"0.00200000","p":"64250.00000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"NEW",'
        '"X":"NEW","r":"NONE","i":12,"l":"0.00000000","z":"0.00000000","L":"0.00000000","n":"0","N":null,'
        f'"T":{MS},"t":-1,"I":41,"w":true,"m":false,"M":false,"O":{MS},"Z":"0.00000000","Y":"0.00000000",'
        f'"Q":"0.00000000","W":{MS},"V":"EXPIRE_MAKER"}}'
    )


def test_a_trade():
    """What of the order has traded, at what price, for what commission, as maker."""
    found = fields(
        report(
            side=Side.SELL,
            state=OrderState.ACTIVE,
            filled=150,
            left=50,
            value=6_425_000 * 150,
            trade=77,
            last_price=6_425_000,
            last_size=50,
            commission=3_212_500,
            commission_leg=Leg.QUOTE,
        )
    )
    wanted = {
        "x": "TRADE",
        "X": "PARTIALLY_FILLED",
        "l": "0.00050000",
        "z": "0.00150000",
        "L": "64250.00000000",
        "n": "0.03212500",
        "N": "USDT",
        "t": 77,
        "w": True,
        "m": True,
        "Z": "96.37500000",
        "Y": "32.12500000",
    }
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        (
            {"state": OrderState.CANCELLED, "verb": RequestKind.CANCEL, "request": packed("bye")},
            {"x": "CANCELED", "X": "CANCELED", "c": "bye", "C": "own", "w": False},
        ),
        (
            {"state": OrderState.CANCELLED, "verb": RequestKind.CANCEL},
            {"c": shown_cancellation(0, 12), "C": "own"},
        ),
        (
            {"state": OrderState.CANCELLED, "reason": Reason.UNFILLED},
            {"x": "EXPIRED", "X": "EXPIRED", "c": "own", "C": ""},
        ),
        (
            {"state": OrderState.CANCELLED, "reason": Reason.TIMER},
            {"x": "CANCELED", "X": "CANCELED", "c": "own", "C": ""},
        ),
        (
            {
                "state": OrderState.UNTRIGGERED,
                "trigger": Trigger.STOP,
                "trigger_price": 6_000_000,
                "type": Pricing.MARKET,
                "price": 0,
                "working": 0,
            },
            {"x": "NEW", "o": "STOP_LOSS", "P": "60000.00000000", "w": False},
        ),
        ({"verb": RequestKind.MODIFY, "size": 150, "left": 150}, {"x": "REPLACED", "q": "0.00150000"}),
        ({"state": OrderState.REJECTED}, {"x": "REJECTED", "X": "REJECTED"}),
        ({"tag": (6 << 32) | 1_000_000}, {"j": 5, "J": 1_000_000}),
        ({"quote_size": 5 * 10**8}, {"Q": "5.00000000"}),
    ],
)
def test_what_else_becomes_of_an_order(changes, wanted):
    """Cancelled by its account or by the exchange, waiting, amended, with numbers of a strategy."""
    found = fields(report(client=packed("own"), **changes))
    assert {name: found[name] for name in wanted} == wanted


def test_an_order_that_waits_has_no_working_time():
    """The field is left out."""
    assert "W" not in fields(report(working=0, state=OrderState.UNTRIGGERED))


def test_a_trade_that_was_prevented():
    """With the other order, and what would have been traded."""
    found = fields(
        report(
            state=OrderState.CANCELLED,
            reason=Reason.SELF_TRADE,
            self_trade=SelfTrade.CANCEL_INCOMING,
            left=0,
            counter=37,
            last_price=6_425_000,
            last_size=120,
            prevented=200,
        )
    )
    wanted = {
        "x": "TRADE_PREVENTION",
        "X": "EXPIRED_IN_MATCH",
        "l": "0.00000000",
        "L": "0.00000000",
        "t": -1,
        "V": "EXPIRE_TAKER",
        "v": 41,
        "A": "0.00200000",
        "B": "0.00120000",
        "u": GRANT.account,
        "U": 37,
        "Cs": "BTCUSDT",
        "pl": "0.00120000",
        "pL": "64250.00000000",
        "pY": "77.10000000",
    }
    assert {name: found[name] for name in wanted} == wanted


WALLET = WalletChanged(
    seq=42,
    ts=NOON,
    instrument=BTC,
    account=GRANT.account,
    base_free=10**8,
    base_locked=5,
    quote_free=99_871_50000000,
    quote_locked=128_50000000,
    base_decimals=8,
    quote_decimals=8,
)


def test_a_balance_that_has_changed():
    """Both assets of the symbol."""
    assert told(WALLET) == (
        f'{{"e":"outboundAccountPosition","E":{MS},"u":{MS},"B":['
        '{"a":"BTC","f":"1.00000000","l":"0.00000005"},'
        '{"a":"USDT","f":"99871.50000000","l":"128.50000000"}]}'
    )


def test_nobody_is_told_of_another_account():
    """Neither of its orders nor of its balances."""
    assert told(attrs.evolve(WALLET, account=8)) is None
    assert told(report(account=8)) is None


def test_events_stand_in_what_the_connection_has_asked_for():
    """A subscription, a named stream, or alone; in either unit of time."""
    bare = told(WALLET)
    assert told(WALLET, UserStream(account=7, subscription=3)) == f'{{"subscriptionId":3,"event":{bare}}}'
    assert told(WALLET, UserStream(account=7, stream="key")) == f'{{"stream":"key","data":{bare}}}'
    fine = json.loads(told(WALLET, UserStream(account=7, unit=TimeUnit.MICROSECOND)))
    assert (fine["E"], fine["u"]) == (MS * 1000, MS * 1000)


def test_the_end_of_a_stream_is_told_on_it():
    """At market time."""
    assert UserStream(account=7, subscription=0).terminated(NOON) == (
        f'{{"subscriptionId":0,"event":{{"e":"eventStreamTerminated","E":{MS}}}}}'
    )


def test_what_an_account_was_told_is_not_told_again():
    """There is no account in the past."""
    (topic,) = BARE.topics([BTC])
    with pytest.raises(ValueError, match="not told again"):
        user_data_encoder(topic, LISTING[BTC], None)
    assert UserStream.of(topic) == BARE


def test_an_order_without_an_own_id_goes_by_the_exchanges():
    """In its cancellation too."""
    gone = fields(report(state=OrderState.CANCELLED, verb=RequestKind.CANCEL))
    assert gone["C"] == shown(0, 12) == fields(report())["c"]
