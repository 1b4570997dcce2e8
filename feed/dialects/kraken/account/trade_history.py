"""Trades of an account, and what they changed of what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs
from msgspec import UNSET

from feed.dialects.kraken.account.amounts import exact_text
from feed.dialects.kraken.account.ids import TradeId, ledger_id, ledger_of, trade_id, trade_of
from feed.dialects.kraken.account.operations import Operation, Sent
from feed.dialects.kraken.account.pages import PARAMETERS, named, page
from feed.dialects.kraken.account.shapes import LedgerEntry, Ledgers, TradeInfo, Trades
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.account.writing import seconds, trade_info
from feed.dialects.kraken.errors import INVALID_ARGUMENTS, KrakenError
from feed.dialects.kraken.names import Asset
from feed.dialects.parameters import Parameter
from feed.model.events import ExecutionReport, Side
from feed.model.executions import Leg

_KINDS: Final = ("all", "no position", "any position", "closed position", "closing position")
_LEDGER_KINDS: Final = (
    *("all", "trade", "deposit", "withdrawal", "transfer", "margin", "adjustment", "rollover", "credit"),
    *("settled", "staking", "dividend", "sale", "nft_rebate", "conversion", "receive", "spend", "reward"),
)


def trades(view: AccountView, sent: Sent) -> Trades:
    """Trades, the newest first. None closes a position: there are none."""
    all_of_them = sent.choice("type", _KINDS, "all") in _KINDS[:2]
    found, count = page(
        sent,
        _newest_first(view) if all_of_them else [],
        lambda one: one.ts,
        lambda text: _time(view, trade_of(text)),
    )
    shown = {trade_id(TradeId.of(one)): trade_info(view, one, ledgers=sent.flag("ledgers")) for one in found}
    return Trades(shown, UNSET if sent.flag("without_count") else count)


def trades_by_ids(view: AccountView, sent: Sent) -> dict[str, TradeInfo]:
    """The trades that are named."""
    wanted = [trade_of(text) for text in named(sent, "txid")]
    if None in wanted:
        raise KrakenError(INVALID_ARGUMENTS)
    by_id = {TradeId.of(one): one for one in _newest_first(view)}
    found = [by_id[one] for one in wanted if one is not None and one in by_id]
    found.sort(key=lambda one: (one.ts, one.seq), reverse=True)
    return {trade_id(TradeId.of(one)): trade_info(view, one) for one in found}


def ledgers(view: AccountView, sent: Sent) -> Ledgers:
    """What changed what the account holds, the newest first."""
    kind = sent.choice("type", _LEDGER_KINDS, "all")
    sent.choice("aclass", ("currency",), "currency")
    assets = None if sent.text("asset") == "all" else sent.assets(view.market.pairs)
    chosen = [
        one
        for one in (_changes(view) if kind in ("all", "trade") else ())
        if assets is None or one.asset in assets
    ]

    def of_id(text: str) -> int | None:
        found = ledger_of(text)
        return None if found is None else _time(view, found[0])

    found, count = page(sent, chosen, lambda one: one.trade.ts, of_id)
    return Ledgers({one.id: one.entry() for one in found}, UNSET if sent.flag("without_count") else count)


def ledgers_by_ids(view: AccountView, sent: Sent) -> dict[str, LedgerEntry]:
    """The ledger entries that are named."""
    ids = named(sent, "id")
    if any(ledger_of(text) is None for text in ids):
        raise KrakenError(INVALID_ARGUMENTS)
    return {one.id: one.entry() for one in _changes(view) if one.id in ids}


def _newest_first(view: AccountView) -> list[ExecutionReport]:
    return sorted(view.fills(), key=lambda one: (one.ts, one.seq), reverse=True)


def _time(view: AccountView, wanted: TradeId | None) -> int | None:
    found = (one.ts for one in _newest_first(view) if TradeId.of(one) == wanted)
    return next(found, None)


@attrs.frozen(kw_only=True)
class _Change:
    """
    What a trade changed of one asset; amounts in units of it.

    Attributes:
        trade: The report of the trade.
        leg: Which asset of the pair.
        asset: The asset.
        decimals: Digits of a unit of it.
        amount: Without the fee.
        fee: What was paid of it.
        balance: What the account held after it.
    """

    trade: ExecutionReport
    leg: Leg
    asset: Asset
    decimals: int
    amount: int
    fee: int
    balance: int

    @property
    def id(self) -> str:
        """Of the ledger entry."""
        return ledger_id(TradeId.of(self.trade), self.leg)

    def entry(self) -> LedgerEntry:
        """As it is shown."""
        amount, fee, balance = (
            exact_text(units, self.decimals, self.asset.decimals)
            for units in (self.amount, self.fee, self.balance)
        )
        return LedgerEntry(
            refid=trade_id(TradeId.of(self.trade)),
            time=seconds(self.trade.ts),
            asset=self.asset.name,
            amount=amount,
            fee=fee,
            balance=balance,
        )


def _changes(view: AccountView) -> Iterator[_Change]:
    """All that trades changed, the newest first: what the account held is counted back from what it holds."""
    held = {venue: _totals(view, venue) for venue in view.venues}
    units = view.wallets.units
    for item in _newest_first(view):
        pair = view.pair(item)
        if pair is None:
            continue
        balances, decimals = held[pair.instrument.venue], view.decimals(pair)
        sign = 1 if item.side is Side.BUY else -1
        amounts = {
            Leg.BASE: sign * item.last_size * units.base_scales[pair.index],
            Leg.QUOTE: -sign * item.last_price * item.last_size * units.quote_scales[pair.index],
        }
        for leg, name, asset in (
            (Leg.QUOTE, pair.instrument.quote, pair.quote),
            (Leg.BASE, pair.instrument.base, pair.base),
        ):
            fee = item.commission if item.commission_leg is leg else 0
            yield _Change(
                trade=item,
                leg=leg,
                asset=asset,
                decimals=decimals[int(leg)],
                amount=amounts[leg],
                fee=fee,
                balance=balances[name],
            )
            balances[name] -= amounts[leg] - fee


def _totals(view: AccountView, venue: str) -> dict[str, int]:
    wallet = view.wallets.find(view.account, venue)
    return {asset: balance.total for asset, balance in wallet.balances.items()}


def _choice(name: str, meaning: str, choices: tuple[str, ...]) -> Parameter:
    return Parameter(name=name, meaning=meaning, most=None, default=choices[0], choices=choices)


_FLAGS: Final = ("false", "true")
_IDS: Final = "joined by commas; 50 at most."
OPERATIONS: Final = (
    Operation(
        name="TradesHistory",
        weight=2,
        summary="Trades of the account",
        parameters=(
            _choice("type", "Which trades; none belongs to a position.", _KINDS),
            _choice("trades", "Taken, and without effect: there are no positions.", _FLAGS),
            _choice("consolidate_taker", "Taken, and without effect: each trade is told.", _FLAGS),
            _choice("ledgers", "Whether to name what they changed.", _FLAGS),
            *PARAMETERS,
        ),
        answer=trades,
        result=Trades,
    ),
    Operation(
        name="QueryTrades",
        weight=2,
        summary="Trades of the account by their ids",
        parameters=(
            Parameter(name="txid", meaning=f"Ids of trades, {_IDS}", most=None),
            _choice("trades", "Taken, and without effect: there are no positions.", _FLAGS),
        ),
        answer=trades_by_ids,
        result=dict[str, TradeInfo],
    ),
    Operation(
        name="Ledgers",
        weight=2,
        summary="What changed what the account holds",
        parameters=(
            Parameter(
                name="asset",
                meaning="Assets, joined by commas; all where none is named.",
                most=None,
                optional=True,
            ),
            _choice("aclass", "Class of assets.", ("currency",)),
            _choice("type", "Which changes; there are those of trades alone.", _LEDGER_KINDS),
            *PARAMETERS,
        ),
        answer=ledgers,
        result=Ledgers,
    ),
    Operation(
        name="QueryLedgers",
        weight=2,
        summary="Changes of what the account holds, by their ids",
        parameters=(
            Parameter(name="id", meaning=f"Ids of ledger entries, {_IDS}", most=None),
            _choice("trades", "Taken, and without effect: there are no positions.", _FLAGS),
        ),
        answer=ledgers_by_ids,
        result=dict[str, LedgerEntry],
    ),
)
