"""What there is none of here: positions, deposits and withdrawals. Programs ask for it all the same."""

from __future__ import annotations

from typing import Any, Final

from feed.dialects.kraken.account.operations import Operation, Sent
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.parameters import Parameter


def positions(view: AccountView, sent: Sent) -> object:
    """None: nothing is borrowed."""
    del view
    return [] if sent.text("consolidation") else {}


def _none(view: AccountView, sent: Sent) -> list[Any]:
    del view, sent
    return []


def _listed(name: str, summary: str) -> Operation:
    return Operation(
        name=name,
        summary=f"{summary}: none, nothing comes in or goes out here",
        parameters=(Parameter(name="asset", meaning="Of this asset.", most=None, optional=True),),
        answer=_none,
        result=list[Any],
    )


OPERATIONS: Final = (
    Operation(
        name="OpenPositions",
        summary="Open positions: none, nothing is borrowed here",
        parameters=(
            Parameter(name="txid", meaning="Ids of positions.", most=None, optional=True),
            Parameter(name="docalcs", meaning="Taken, and without effect.", most=None, optional=True),
            Parameter(
                name="consolidation",
                meaning="With it the answer is a list.",
                most=None,
                optional=True,
                example="market",
            ),
        ),
        answer=positions,
        result=dict[str, Any] | list[Any],
    ),
    _listed("DepositMethods", "Ways to deposit"),
    _listed("DepositStatus", "Deposits"),
    _listed("WithdrawMethods", "Ways to withdraw"),
    _listed("WithdrawStatus", "Withdrawals"),
)
