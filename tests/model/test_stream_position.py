"""Where a client is in the stream, as text, and the proof of the listing."""

import re

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.errors import ProtocolError
from feed.model.events import QUOTE, TRADE, UNKNOWN, event
from feed.model.instruments import Contract, Instrument
from feed.model.stream_position import StreamPosition, first_proof, parse_position
from feed.state.market_state import MarketState


@given(seq=st.integers(0, 10**18 - 1), proof=st.integers(0, 2**32 - 1))
def test_what_a_client_is_told_it_can_give_back(seq, proof):
    """The text says both numbers, in one form only."""
    position = StreamPosition(seq, proof)
    assert re.fullmatch("[0-9]+-[0-9a-f]{8}", position.text)
    assert parse_position(position.text) == position


def test_the_text_is_pinned():
    """Eight lower-case hexadecimal digits for the proof; no leading zeros for the number."""
    assert StreamPosition(123_456, 0xA1B2C3D4).text == "123456-a1b2c3d4"
    assert StreamPosition(0, 7).text == "0-00000007"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123456",
        "-a1b2c3d4",
        "123456-",
        "123456-a1b2c3d",
        "123456-a1b2c3d4e",
        "123456-A1B2C3D4",
        "0123-a1b2c3d4",
        "+1-a1b2c3d4",
        "-1-a1b2c3d4",
        " 1-a1b2c3d4",
        "1-a1b2c3d4\n",
        "1_0-a1b2c3d4",
        "٣-a1b2c3d4",
        "1-a1b2c3d4-5",
        "9" * 19 + "-a1b2c3d4",
        "9" * 100_000 + "-a1b2c3d4",
    ],
)
def test_anything_else_is_refused(text):
    """A number alone above all: it proves nothing."""
    with pytest.raises(ProtocolError, match="like 123456-a1b2c3d4"):
        parse_position(text)


BTC = Instrument(symbol="BTC-USD", base="BTC", quote="USD", price_decimals=2, size_decimals=8)
PERP = attrs.evolve(BTC, symbol="BTC-PERP", contract=Contract.PERPETUAL, underlying="BTC-USD")


def test_position_0_depends_on_the_listing():
    """On every field of every instrument, and on their order."""
    listings = [
        [],
        [BTC],
        [PERP],
        [BTC, PERP],
        [PERP, BTC],
        [attrs.evolve(BTC, tick=5)],
        [attrs.evolve(BTC, venue="kraken")],
        [attrs.evolve(BTC, base="B", quote="TCUSD")],
        [attrs.evolve(BTC, contract=Contract.PREDICTION)],
    ]
    proofs = [first_proof(listing) for listing in listings]
    assert len(set(proofs)) == len(proofs)


def test_proof_of_a_listing_is_pinned():
    """A client that has seen nothing yet can go on after an update of the server."""
    assert first_proof([BTC, PERP]) == VECTOR


VECTOR = 0x4C7E043C


def test_what_is_remembered_of_an_event_knows_its_position():
    """The quote and the trade that a new subscriber is shown say where they stood in the stream."""
    market_state = MarketState(1, proof=5)
    assert market_state.position == StreamPosition(0, 5)
    market_state.apply(1, (QUOTE, 0, 10, 100, 1, 101, 1), 7)
    market_state.apply(2, (TRADE, 0, 11, 1, 0, 101, 1, 0, 0, UNKNOWN, UNKNOWN), 9)
    assert (market_state.quote(0).position, market_state.trade(0).position) == (
        StreamPosition(1, 7),
        StreamPosition(2, 9),
    )
    assert market_state.position == market_state.copy([]).position == StreamPosition(2, 9)
    assert event(3, (QUOTE, 0, 12, 100, 1, 101, 1), 11).position == StreamPosition(3, 11)
