"""What an account holds and owns, as Rails tells it."""

import json

import attrs
import pytest

from feed.dialects.rails.statements import CAUSES, AccountBalances, AccountPositions
from feed.model.statements import BalanceChanged, Cause, PositionChanged

TS = 1_717_100_052_972_000_000
# BTC-USD of the small market has 2 and 8 digits, so a unit of money is 10 ** -10 dollars.
UNIT = 10**10
POSITION = PositionChanged(
    seq=9,
    ts=TS,
    instrument=3,
    account=7,
    lots=50_000_000,
    cost=30_000 * UNIT,
    realised=-5 * UNIT,
    funding=UNIT // 4,
    mark=6_100_000,
    liquidation=5_500_000,
    decimals=10,
)
BALANCE = BalanceChanged(
    seq=10,
    ts=TS,
    instrument=3,
    account=7,
    cause=Cause.TRADE,
    amount=0,
    cash=1000 * UNIT,
    equity=1500 * UNIT,
    initial=3000 * UNIT,
    maintenance=915 * UNIT,
    leverage=10,
    decimals=10,
)


def test_a_position_is_told_with_entry_price_and_profit(support):
    """Half a coin bought at 60000 that is worth 61000 by now."""
    said = json.loads(AccountPositions(support.listing[3], 7).encode(POSITION))
    assert said == {
        "resultType": "positionsDelta",
        "market": "BTC-USD",
        "data": {
            "market": "BTC-USD",
            "type": "LONG",
            "quantity": "0.50000000",
            "value": "30000.0000000000",
            "avgEntryPrice": "60000.00",
            "markPrice": "61000.00",
            "unrealizedPnl": "500.0000000000",
            "realizedPnl": "-5.0000000000",
            "funding": "0.2500000000",
            "liquidationPrice": "55000.00",
            "updatedAt": 1_717_100_052_972,
        },
    }


def test_a_short_position_and_none(support):
    """Sold short it has brought what it will cost; closed it shows what was realised."""
    encoder = AccountPositions(support.listing[3], 7, seq=True)
    short = attrs.evolve(POSITION, lots=-50_000_000, cost=-30_000 * UNIT)
    said = json.loads(encoder.encode(short))
    assert said["seq"] == 9
    data = said["data"]
    assert (data["type"], data["quantity"], data["avgEntryPrice"]) == ("SHORT", "0.50000000", "60000.00")
    assert (data["value"], data["unrealizedPnl"]) == ("30000.0000000000", "-500.0000000000")
    flat = json.loads(encoder.encode(attrs.evolve(POSITION, lots=0, cost=0, liquidation=0)))["data"]
    assert (flat["type"], flat["avgEntryPrice"], flat["unrealizedPnl"]) == ("FLAT", "0", "0.0000000000")
    assert (flat["liquidationPrice"], flat["realizedPnl"]) == ("0", "-5.0000000000")


@pytest.mark.parametrize("cause", Cause)
def test_a_balance_says_why_it_has_changed(support, cause):
    """And how much of it can back further orders: never less than nothing."""
    item = attrs.evolve(BALANCE, cause=cause, amount=-UNIT)
    said = json.loads(AccountBalances(support.listing[3], 7).encode(item))
    assert (said["resultType"], said["market"]) == ("balancesDelta", "BTC-USD")
    assert said["data"] == {
        "asset": "USD",
        "cause": CAUSES[cause],
        "amount": "-1.0000000000",
        "totalBalance": "1000.0000000000",
        "equity": "1500.0000000000",
        "availableBalance": "0.0000000000",
        "margin": "3000.0000000000",
        "maintenanceMargin": "915.0000000000",
        "leverage": "10",
        "updatedAt": 1_717_100_052_972,
    }


def test_other_accounts_hear_nothing(support):
    """Each stream is of one account."""
    assert AccountPositions(support.listing[3], 8).encode(POSITION) is None
    assert AccountBalances(support.listing[3], 8).encode(BALANCE) is None
