"""
What an account is told of its assets: the channel ``balances``.

Of what orders lock nothing is said: it is still the account's. A trade moves both assets of its pair.

Source: "Balances" of the second WebSocket API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, cast

import msgspec

from feed.dialects.kraken.account.ids import TradeId, ledger_id, trade_id
from feed.dialects.kraken.names import Asset, Pair
from feed.dialects.kraken.private.topics import BALANCES, PrivateTopic
from feed.dialects.messages import message
from feed.dialects.numbers import number
from feed.dialects.times import iso_microseconds
from feed.model.events import EXECUTION, Event, ExecutionReport, Side
from feed.model.executions import Leg
from feed.model.topics import Topic
from feed.model.wallets import Wallets
from feed.state.encoder import SUMMARY, Encoder


class BalancesEncoder(Encoder):
    """
    Tells one account of what its trades in one pair have moved, and what it holds then.

    Args:
        pair: Which.
        topic: See :class:`~feed.dialects.kraken.private.topics.PrivateTopic`.
        wallets: What accounts hold; they have taken what is told into account.
        count: Gives how many messages there have been for the account, the event included that is told.
    """

    kinds: Sequence[int] = (EXECUTION,)
    rank = SUMMARY

    def __init__(
        self,
        pair: Pair,
        topic: Topic,
        wallets: Wallets,
        count: Callable[[], int],
    ) -> None:
        self._pair: Final = pair
        self._account: Final = PrivateTopic.of(topic).account
        self._wallets: Final = wallets
        self._units: Final = wallets.units
        self._count: Final = count

    def encode(self, item: Event) -> str | None:
        """Both assets after a trade; None when it was none, or is another account's."""
        report = cast("ExecutionReport", item)
        if report.account != self._account or not report.trade:
            return None
        moved = [self._moved(report, leg) for leg in Leg]
        return message(channel=BALANCES, type="update", data=moved, sequence=self._count())

    def _moved(self, item: ExecutionReport, leg: Leg) -> dict[str, Any]:
        listed, pair = self._pair.instrument, self._pair
        if leg is Leg.BASE:
            asset, name = pair.base, listed.base
            amount = item.last_size * self._units.base_scales[pair.index]
        else:
            asset, name = pair.quote, listed.quote
            amount = item.last_price * item.last_size * self._units.quote_scales[pair.index]
        received = (item.side is Side.BUY) is (leg is Leg.BASE)
        digits = self._units.decimals[listed.venue][name]
        fee = item.commission if item.commission_leg is leg else 0
        return {
            "ledger_id": ledger_id(TradeId.of(item), leg),
            "ref_id": trade_id(TradeId.of(item)),
            "timestamp": iso_microseconds(item.ts),
            "type": "trade",
            **_named(asset),
            "category": "trade",
            "wallet_type": "spot",
            "wallet_id": "main",
            "amount": number(amount if received else -amount, digits),
            "fee": number(fee, digits),
            "balance": number(self._wallets.find(item.account, listed.venue).balances[name].total, digits),
        }


def snapshot(held: Iterable[tuple[Asset, msgspec.Raw]], sequence: int) -> str:
    """
    What an account holds.

    Args:
        held: Assets, and how much of each.
        sequence: Of the message.
    """
    data = [
        {
            **_named(asset),
            "balance": amount,
            "wallets": [{"type": "spot", "id": "main", "balance": amount}],
        }
        for asset, amount in held
    ]
    return message(channel=BALANCES, type="snapshot", data=data, sequence=sequence)


def _named(asset: Asset) -> dict[str, Any]:
    return {"asset": asset.symbol, "asset_class": "currency"}
