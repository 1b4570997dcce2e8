"""The private channels of one connection: what they begin with, and what is listened to from then on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs
import msgspec

from feed.dialects.contract import SessionContext
from feed.dialects.kraken.names import Asset, Pair, pairs
from feed.dialects.kraken.private import balances
from feed.dialects.kraken.private.executions import MOST_TRADES, NEW, TRADE, ExecutionWriter, messages
from feed.dialects.kraken.private.rate_counter import TIERS
from feed.dialects.kraken.private.requests import PrivateSubscription
from feed.dialects.kraken.private.topics import BALANCES, EXECUTIONS, PrivateTopic
from feed.dialects.messages import message
from feed.dialects.numbers import number
from feed.model.events import ExecutionReport
from feed.model.grants import Grant
from feed.model.topics import Topic
from feed.model.wallets import Wallet


@attrs.frozen(kw_only=True)
class Begun:
    """
    A subscription to a private channel.

    Attributes:
        result: What its confirmation tells.
        snapshots: What it begins with.
        topics: What it listens to.
    """

    result: dict[str, Any]
    snapshots: Sequence[str]
    topics: tuple[Topic, ...]


class PrivateChannels:
    """
    Begins the private channels of a connection.

    Args:
        context: What the session may ask of the server.
    """

    def __init__(self, context: SessionContext) -> None:
        self._wallets: Final = context.wallets
        self._pairs: Final = pairs(context.listing)
        self._writers: Final = {pair.index: ExecutionWriter(pair, self._wallets) for pair in self._pairs}

    def begin(self, request: PrivateSubscription, grant: Grant) -> Begun:
        """
        What follows from a subscription.

        Args:
            request: It.
            grant: What the key of its token allows.
        """
        held = {pair.instrument.venue: self._wallet(grant, pair) for pair in self._pairs}
        if request.channel == BALANCES:
            number = sum(wallet.traded for wallet in held.values()) + 1
            snapshots = [balances.snapshot(self._held(held), number)] if request.snapshot else []
            result: dict[str, Any] = {"channel": BALANCES, "snapshot": request.snapshot}
            return Begun(result=result, snapshots=snapshots, topics=self.topics(request, grant))
        return Begun(
            result={
                "channel": EXECUTIONS,
                "maxratecount": TIERS[grant.tier].most,
                "order_status": request.transitions,
                "ratecounter": request.counted,
                "snap_orders": request.snap_orders,
                "snap_trades": request.snap_trades,
                "snapshot": request.snapshot,
            },
            snapshots=self._executions(request, held.values()),
            topics=self.topics(request, grant),
        )

    def topics(self, request: PrivateSubscription, grant: Grant) -> tuple[Topic, ...]:
        """What a subscription listens to."""
        private = PrivateTopic(
            channel=request.channel,
            account=grant.account,
            ends_only=not request.transitions,
            counted=grant.tier if request.counted else None,
        )
        return private.topics(pair.index for pair in self._pairs)

    def _wallet(self, grant: Grant, pair: Pair) -> Wallet:
        return self._wallets.find(grant.account, pair.instrument.venue)

    def _held(self, held: Mapping[str, Wallet]) -> list[tuple[Asset, msgspec.Raw]]:
        """What the account holds, of each asset of which it has something, over all venues."""
        decimals = self._wallets.units.decimals
        most = max((digits for venue in held for digits in decimals[venue].values()), default=0)
        sums: dict[str, int] = {}
        for venue, wallet in held.items():
            for name, balance in wallet.balances.items():
                units = balance.total * 10 ** (most - decimals[venue][name])
                sums[name] = sums.get(name, 0) + units
        return [(Asset(name.upper()), number(units, most)) for name, units in sums.items() if units]

    def _executions(self, request: PrivateSubscription, held: Iterable[Wallet]) -> Sequence[str]:
        """
        The last trades, and the open orders.

        They are counted so that the next message has the next number, whatever was asked for.
        """
        wallets = tuple(held)
        told = sum(messages(wallet) for wallet in wallets)
        found: list[str] = []
        if request.snap_trades:
            traded = sorted(
                (one for wallet in wallets for one in wallet.trades if self._is_traded(one)),
                key=lambda one: one.seq,
            )
            found.append(self._snapshot(traded[-MOST_TRADES:], TRADE, told))
        if request.snap_orders:
            waiting = sorted(
                (one for wallet in wallets for one in wallet.orders.values() if self._is_traded(one)),
                key=lambda one: one.order,
            )
            found.append(self._snapshot(waiting, NEW, told + 1))
        return found

    def _is_traded(self, item: ExecutionReport) -> bool:
        return self._pairs.at(item.instrument) is not None

    def _snapshot(self, items: Iterable[ExecutionReport], step: str, sequence: int) -> str:
        data = [self._writers[item.instrument].step(item, step) for item in items]
        return message(channel=EXECUTIONS, type="snapshot", data=data, sequence=sequence)
