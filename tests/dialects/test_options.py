"""Connection options: what can be asked for, and what thinning does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.options import Conflated, Options, options
from feed.dialects.ticker import TickerEncoder
from feed.errors import ProtocolError
from feed.model.events import QUOTE, TRADE, UNKNOWN, event
from feed.model.stream_position import StreamPosition
from feed.state.market_state import MarketState

MS = 1_000_000
SEND = "send the last pos that you were told, such as 123456-a1b2c3d4"
AT = StreamPosition(7, 0xA1B2C3D4)
LADDER = "conflate must be one of 50, 100, 250, 500, 1000, 2000, 5000, 10000, 30000, 60000 milliseconds"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, Options()),
        ({"key": "k", "market": "X"}, Options()),
        ({"ext": "seq"}, Options(seq=True)),
        ({"ext": "seq,seq,"}, Options(seq=True)),
        ({"ext": ""}, Options()),
        ({"since": "0-00000000"}, Options(since=StreamPosition(0, 0))),
        ({"since": "41-0000002a"}, Options(since=StreamPosition(41, 42))),
        ({"conflate": "250"}, Options(conflate=250)),
        ({"conflate": "250ms"}, Options(conflate=250)),
        ({"since": AT.text, "conflate": "60000"}, Options(since=AT, conflate=60_000)),
    ],
)
def test_query_is_read(query, wanted):
    """What is no option is passed over."""
    assert options(query) == wanted


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"ext": "crc"}, "ext=crc is unknown; known are seq"),
        ({"ext": "x" * 99}, f"ext={'x' * 32} is unknown; known are seq"),
        *(
            ({"since": text}, f"since={text} is no position: {SEND}")
            for text in ("", "-1", "+1", "1.0", " 1", "7-A1B2C3D4", "7-a1b2c3d", "07-a1b2c3d4", "٣-a1b2c3d4")
        ),
        *(
            ({"since": text}, f"since={text} is a number alone and proves nothing: {SEND}")
            for text in ("0", "0041", "9" * 19)
        ),
        ({"conflate": ""}, "conflate must be a whole number, 0 or more"),
        ({"conflate": "1s"}, "conflate must be a whole number, 0 or more"),
        ({"conflate": "0"}, LADDER),
        ({"conflate": "60001"}, LADDER),
        ({"conflate": "251"}, LADDER),
    ],
)
def test_value_that_cannot_be_is_said_to_be_so(query, complaint):
    """In one sentence, and never at length."""
    with pytest.raises(ProtocolError) as problem:
        options(query)
    assert problem.value.message == complaint


def test_what_changes_bytes_names_the_topic():
    """In one order; where to begin changes no bytes."""
    assert Options(since=AT).pairs == ()
    assert Options(seq=True, since=AT, conflate=100).pairs == (("conflate", "100"), ("ext", "seq"))
    assert Options(seq=True, since=AT, conflate=100).numbering == (("ext", "seq"),)
    assert Options(seq=True, since=AT, conflate=100).unthinned == Options(seq=True, since=AT)


# -- thinning -----------------------------------------------------------------------------------------


class Told(TickerEncoder):
    """A ticker, by its number; a snapshot also tells where it stands."""

    def text(self, ticker, at=None):
        return f"#{ticker.seq}" if at is None else f"#{ticker.seq} at {at.seq}"


def quote(ts, bid, size=1):
    return (QUOTE, 0, ts * MS, bid, size, bid + 1, size)


def trade(ts, price):
    return (TRADE, 0, ts * MS, 1, 0, price, 1, 0, 0, UNKNOWN, UNKNOWN)


class Story:
    """Rows told to thinned encoders, with the beats that a publisher would make."""

    def __init__(self, milliseconds):
        self._milliseconds = milliseconds
        self.market_state = MarketState(1)
        self.heard = {}  # encoder -> what it said

    def join(self):
        encoder = Conflated(Told(0, self.market_state), self._milliseconds, 0, self.market_state)
        self.heard[encoder] = []
        return encoder

    def tell(self, *rows):
        for row in rows:
            for encoder, heard in self.heard.items():
                begun = row[2] - row[2] % encoder.period
                if begun > self.market_state.now:
                    heard.append(encoder.on_timer(self.market_state.seq, begun))
            self.market_state.apply(self.market_state.seq + 1, row)
            for encoder, heard in self.heard.items():
                assert encoder.encode(event(self.market_state.seq, row)) is None
                del heard


def test_latest_of_an_interval_is_told_at_its_end():
    """A silent interval is passed over; a change of size alone is none."""
    story = Story(100)
    encoder = story.join()
    story.tell(quote(10, 50), quote(20, 51), quote(100, 52), quote(210, 52, size=9), trade(320, 7))
    story.tell(quote(400, 52))
    assert encoder.kinds == (TRADE, QUOTE)
    assert encoder.period == 100 * MS
    assert encoder.snapshot(story.market_state, 0) == ["#5 at 6"]
    assert story.heard[encoder] == ["#2", "#3", None, "#5"]


ROWS = st.lists(
    st.tuples(st.integers(0, 70), st.one_of(st.none(), st.integers(1, 3)), st.integers(0, 1)), max_size=25
)


@given(drawn=ROWS, joined=st.integers(0, 25))
def test_who_comes_late_hears_the_same(drawn, joined):
    """What waits at the end of an interval does not depend on who was there at its beginning."""
    now, rows = 0, []
    for wait, bid, size in drawn:
        now += wait
        rows.append(trade(now, 5) if bid is None else quote(now, bid, size))
    story = Story(100)
    early = story.join()
    story.tell(*rows[:joined])
    before = len(story.heard[early])
    late = story.join()
    story.tell(*rows[joined:], quote(now + 1000, 9))
    assert story.heard[late] == story.heard[early][before:]
