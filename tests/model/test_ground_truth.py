"""Signals held against labels."""

from __future__ import annotations

import pytest

from feed.model.events import SIGNAL
from feed.model.ground_truth import GroundTruth, Label, Verdict, judge, labels
from feed.model.instruments import Instrument, Listing
from feed.model.signals import SignalType

SECOND = 10**9
START = 1_700_000_000 * SECOND
LISTING = Listing(
    Instrument(symbol=symbol, base=symbol[:3], quote="USD", price_decimals=2, size_decimals=4)
    for symbol in ("BTC-USD", "ETH-USD")
)
WHALE, WALL = SignalType.WHALE_MOVEMENT, SignalType.WALL_APPEARANCE


def label(at, until, signal=WHALE, symbol="BTC-USD"):
    return Label(signal, symbol, START + at * SECOND, START + until * SECOND)


def signal(at, kind=WHALE, instrument=0):
    return (SIGNAL, instrument, START + at * SECOND, 1, int(kind), 3, 0, 0)


def test_there_is_a_label_for_each_instrument():
    """In the order of their windows; without an end it is that of the scenario."""
    truth = [
        GroundTruth(signal=WALL, instruments=("ETH-USD", "BTC-USD"), at=5 * SECOND),
        GroundTruth(signal=WHALE, instruments=("BTC-USD",), at=SECOND, until=2 * SECOND),
    ]

    assert labels(truth, start=START, duration=60 * SECOND) == (
        label(1, 2),
        label(5, 60, WALL, "ETH-USD"),
        label(5, 60, WALL),
    )


def test_a_label_needs_an_instrument():
    """A label without instruments is refused."""
    with pytest.raises(ValueError, match="instruments"):
        GroundTruth(signal=WALL, instruments=(), at=0)


@pytest.mark.parametrize(
    ("found", "right"),
    [
        (signal(10), True),
        (signal(12), True),
        (signal(9), False),
        (signal(13), False),
        (signal(11, WALL), False),
        (signal(11, instrument=1), False),
    ],
    ids=["begin", "end", "early", "late", "another type", "another instrument"],
)
def test_a_signal_is_right_within_its_window(found, right):
    """Both ends included; else the label is missed, and the signal unexplained."""
    expected = label(10, 12)

    assert judge([expected], [found], LISTING) == (
        Verdict((expected,), (), ()) if right else Verdict((), (expected,), (found,))
    )


def test_several_signals_may_answer_one_label_and_one_several():
    """Nothing is used up; labels keep their order."""
    first, second, missed = label(10, 20), label(15, 25), label(30, 40)
    rows = [signal(12), signal(16), signal(27)]

    assert judge([missed, first, second], rows, LISTING) == Verdict((first, second), (missed,), (rows[2],))
