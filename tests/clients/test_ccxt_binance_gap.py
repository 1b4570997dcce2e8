"""A hole in a diff stream of Binance Spot, as ccxt.pro meets it."""

from decimal import Decimal

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]


@pytest.mark.client("ccxt", "resync")
def test_ccxt_notices_a_hole_and_begins_anew(operated, settings_of, program):
    """The watch is rejected; the next subscribes once more on the same socket and has the exchange's book."""
    operator = operated("--seed", 1)
    settings = settings_of("ccxt", "binance", operator.url)
    said = program("ccxt", "ccxt_gap", settings=settings, admin={"url": operator.http, "key": operator.key})
    assert said["raised"][0] == "ChecksumError", said["raised"]
    assert said["sockets"] == [1, 1]
    for side in ("bids", "asks"):
        told = [[Decimal(text) for text in level] for level in said["book"]["rest"][side]]
        held = [[Decimal(str(number)) for number in level] for level in said["book"]["held"][side]]
        assert held == told, side
