"""The description of an order's body says of each what the order itself says."""

import json
from types import SimpleNamespace

import jsonschema_rs
from hypothesis import example, given
from hypothesis import strategies as st

from feed.dialects.access import Problem
from feed.dialects.tradyn.rest.bodies import Sent, TradeBody
from feed.dialects.tradyn.rest.order_schema import order_schema
from feed.dialects.tradyn.shapes import TYPES
from feed.model.grants import Tier
from feed.settings import Trading
from feed.sim.defaults import default_market

LISTING = default_market().listing()
AT = LISTING.index("BTC-USD")
VALID = jsonschema_rs.validator_for(order_schema()).is_valid
WORDS = [*TYPES, "BUY", "sell_limit", "buy  stop", "hold", ""]
OWN = SimpleNamespace(number=1, tier=Tier.FREE, trading=Trading(), leverage=10)


def taken(body):
    """Whether an order comes of it, for an instrument on whose grid price and volume are."""
    try:
        sent = Sent(json.dumps({"volume": 0.01} | body).encode())
        TradeBody(symbol="BTC-USD", volume=0.01, **body).create(sent, OWN, AT, LISTING[AT])
    except Problem:
        return False
    return True


@example(body={"action": "buy", "type": 4, "price": 5.5})
@example(body={"action": 0, "type": 3, "price": 5.5})
@given(
    body=st.fixed_dictionaries(
        {},
        optional={
            "action": st.sampled_from([None, *WORDS, *range(6)]),
            "type": st.sampled_from([None, *range(6)]),
            "price": st.sampled_from([None, 0, 5.5]),
        },
    )
)
def test_an_order_is_described_as_it_is_taken(body):
    """Its type, by number, by word or both, and its price."""
    assert VALID(body) is taken(body)
