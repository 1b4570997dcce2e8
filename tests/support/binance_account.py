"""An account of the exchange without a server: what it asks, and what it is told of its orders."""

import attrs
import msgspec
from binance_market import BTC, LISTING, NOON, Exchange

from feed.dialects.binance.account.table import operations
from feed.dialects.binance.account.view import AccountView
from feed.dialects.binance.limits import RequestLimits
from feed.dialects.binance.policy import POLICY
from feed.dialects.binance.views import TimeUnit
from feed.dialects.execution import Execution
from feed.model.events import ExecutionReport, Side
from feed.model.executions import Charge
from feed.model.grants import Grant, Scope
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, Trigger
from feed.model.wallets import Wallets
from feed.settings import SpotDeposit, Trading

GRANT = Grant(name="bot", account=7, scopes=(Scope.READ, Scope.TRADE))
DEPOSITS = (SpotDeposit("USDT", 100_000), SpotDeposit("BTC", 1))
UNIT = 10**8


def report(**changes):
    """A limit order to buy 0.002 BTC at 64250.00, as it was accepted."""
    fields = {
        "seq": 41,
        "ts": NOON,
        "instrument": BTC,
        "account": GRANT.account,
        "request": 0,
        "verb": RequestKind.CREATE,
        "state": OrderState.ACTIVE,
        "reason": Reason.NONE,
        "order": 12,
        "client": 0,
        "side": Side.BUY,
        "type": Pricing.LIMIT,
        "price": 6_425_000,
        "size": 200,
        "left": 200,
        "filled": 0,
        "value": 0,
        "quote_size": 0,
        "post_only": False,
        "time_in_force": TimeInForce.GTC,
        "trigger": Trigger.NONE,
        "trigger_price": 0,
        "self_trade": SelfTrade.CANCEL_RESTING,
        "created": NOON,
        "working": NOON,
        "expires": 0,
        "tag": 0,
        "maker_fee": 1000,
        "taker_fee": 1000,
        "charge": Charge.RECEIVED,
        "locked": 128_50000000,
    }
    return ExecutionReport(**(fields | changes))


class Account:
    """One account, and the market around it."""

    def __init__(self, *, grant=GRANT, policy=POLICY, trading=None, listing=LISTING):
        self.exchange = Exchange(listing)
        self.wallets = Wallets(listing, deposits=DEPOSITS, history=100)
        self.limits = RequestLimits.of(policy, 100)
        self.grant = grant
        self.policy = policy
        self.trading = trading or Trading()
        self.now = 0.0
        self.operations = {(one.http, one.path): one for one in operations(listing)}

    def view(self, unit=TimeUnit.MILLISECOND):
        return AccountView(
            market=attrs.evolve(self.exchange.view(), policy=self.policy),
            grant=self.grant,
            wallets=self.wallets,
            trading=self.trading,
            unit=unit,
            count_orders=lambda number: self.limits.charge_orders(self.grant.account, number, self.now),
        )

    def tell(self, *reports):
        """Let the account have heard these reports."""
        self.wallets.apply(attrs.evolve(one, seq=0).row() for one in reports)

    def ask(self, http, path, **fields):
        """What a request gives: an answer as JSON says it, or what is asked of the market."""
        sent = [(name, str(value)) for name, value in fields.items()]
        asked = self.operations[http, f"/api/v3/{path}"].ask(self.view(), sent, spare=())
        return asked if isinstance(asked, Execution) else plain(asked.result)

    def place(self, **fields):
        """The request to the market that an order becomes."""
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", **fields}
        return self.ask(
            "POST", "order", **{name: value for name, value in order.items() if value is not None}
        )


def plain(found):
    """What it is in JSON."""
    return msgspec.json.decode(msgspec.json.encode(found))
