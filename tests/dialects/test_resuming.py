"""
The client against the server, without sockets: whatever the interleaving, every event once, in order.

A client is cut off at any message and comes back; what was under way is lost. Beside it another one
stays. In the end both have heard the same, stream by stream.
"""

from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.client.core import Core
from feed.client.states import Connected, Gap, Listed, State
from feed.dialects.client import Resuming, SubscriptionSpec
from feed.dialects.contract import Close, Reply, Subscribe, Unsubscribe
from feed.dialects.discovery import codecs, dialects
from feed.model.events import CLOCK

SYMBOLS = ("BTC-USD", "XAUUSD")
RESUMING = [name for name, codec in codecs().items() if codec.resuming is not Resuming.NEVER]


class Line:
    """A client of one protocol, and the connection that it has."""

    def __init__(self, support, stage, name, *, symbols=SYMBOLS):
        codec = codecs()[name]
        spec = SubscriptionSpec(symbols=symbols, channels=codec.channels, key="good key", secret="s")
        self.core = Core(codec, spec, "ws://feed.test", resume=True)
        self.heard = []
        self._stage, self._hub, self._ear = stage, stage.hub, None
        self._dialect = dialects()[name]
        self._context = attrs.evolve(
            support.context, check=stage.hub.check, market_state=lambda: stage.hub.market_state
        )
        self._path = support.sample(name).OPENING

    def connect(self):
        """A new connection; what the old one still had to say is lost."""
        query = dict(parse_qsl(urlsplit(self.core.url()).query))
        opening = attrs.evolve(self._path, query={**query, "market": "ALL"})
        self._session = self._dialect.session(opening, self._context)
        if self._ear is not None:
            self._hub.drop(self._ear.send_buffer)
        self._hub = self._stage.hub
        self._ear = self._stage.ear()
        self._read = 0
        self._act(self._session.open())
        self.heard += self.core.connected()
        self._send()

    def deliver(self, most=10**9):
        """Let so many messages come, and the past be told a little further."""
        for _ in range(most):
            if not self._hub.replays.waiting:
                break
            self._hub.replays.turn()
        for text in self._ear.texts()[self._read :][:most]:
            self._read += 1
            self.heard += self.core.receive(text)
            self._send()

    def settle(self):
        """Let all come, and what follows from it."""
        while self._hub.replays.waiting or self._read < len(self._ear.texts()):
            self.deliver()

    def _send(self):
        while self.core.outgoing:
            self._act(self._session.receive(self.core.outgoing.pop(0)))

    def _act(self, actions):
        hub, send_buffer = self._hub, self._ear.send_buffer
        for action in actions:
            match action:
                case Reply(text):
                    hub.send(send_buffer, text)
                case Subscribe(topics, since):
                    hub.subscribe(send_buffer, topics, since=None if since is None else since.seq)
                case Unsubscribe(topics):
                    hub.unsubscribe(send_buffer, topics)
                case Close():
                    return

    @property
    def states(self):
        return [item for item in self.heard if isinstance(item, State) and not isinstance(item, Listed)]

    @property
    def streams(self):
        """Its events, stream by stream; the index of an instrument is a matter of which came first."""
        found = {}
        for item in self.heard:
            if not isinstance(item, State):
                symbol = self.core.instruments[item.instrument].symbol
                plain = attrs.evolve(item, instrument=0)
                found.setdefault((type(item), symbol), []).append(plain)
        return found


class Markets:
    """
    Some seconds of two runs of a real market, with different seeds.

    Attributes:
        one: The rows of the first.
        other: The rows of the second.
    """

    def __init__(self, support):
        places = [support.listing.index(symbol) for symbol in ("XAUUSD", "BTC-USD")]
        self.one, self.other = (
            [(row[0], places[row[1]], *row[2:]) if row[0] != CLOCK else row for row in found]
            for found, _ in (support.market(6, "XAUUSD", "BTC-USD", seed=seed) for seed in (11, 12))
        )


@pytest.fixture(scope="module")
def markets(support):
    return Markets(support)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 60)),
        st.tuples(st.just("deliver"), st.integers(1, 12)),
        st.tuples(st.just("connect"), st.just(0)),
    ),
    max_size=25,
)


@pytest.mark.parametrize("name", RESUMING)
@settings(max_examples=20, deadline=None)
@given(steps=STEPS)
def test_every_stream_is_heard_once_and_in_order(support, markets, name, steps):
    """By a client that is cut off anywhere: in a replay, between two frames, before it is confirmed."""
    stage, rows = support.Stage(), markets.one
    begun = len(rows) // 3
    stage.publish(rows[:begun])
    lines = [Line(support, stage, name) for _ in range(2)]
    for line in lines:
        line.connect()
        line.settle()
    at = begun + 60
    stage.publish(rows[begun:at])
    for line in lines:
        line.settle()
    cut, stayed = lines
    for step, count in steps:
        match step:
            case "publish":
                stage.publish(rows[at : at + count])
                at += count
            case "deliver":
                cut.deliver(count)
            case "connect":
                cut.connect()
    stage.publish(rows[at:])
    for line in lines:
        line.settle()
    assert [state for state in cut.states if isinstance(state, Gap)] == []
    again = [state for state in cut.states if isinstance(state, Connected)][1:]
    assert all(state.resumed_after for state in again)
    assert cut.streams.keys() == stayed.streams.keys()
    for stream, events in stayed.streams.items():
        assert cut.streams[stream] == events, stream


@pytest.mark.parametrize("name", RESUMING)
@settings(max_examples=20, deadline=None)
@given(heard=st.integers(0, 40), told=st.integers(1, 200), gone_on=st.integers(0, 3000))
def test_another_market_is_never_joined_to_the_first(support, markets, *, name, heard, told, gone_on):
    """However far it has come: a gap, and from there on what a new client of the other market hears."""
    stage, other = support.Stage(), support.Stage()
    rows, others = markets.one, markets.other
    begun = len(rows) // 3
    stage.publish(rows[:begun])
    line = Line(support, stage, name)
    line.connect()
    line.deliver(heard)
    stage.publish(rows[begun : begun + told])
    line.settle()
    other.publish(others[:gone_on])
    line._stage = other
    line._context = attrs.evolve(
        line._context, check=other.hub.check, market_state=lambda: other.hub.market_state
    )
    before = len(line.heard)
    line.connect()
    line.settle()
    if line.core.begin_anew:
        line.connect()
    stranger = Line(support, other, name)
    stranger.connect()
    for one in (line, stranger):
        one.settle()
    other.publish(others[gone_on : gone_on + 300])
    for one in (line, stranger):
        one.settle()
    line.heard = line.heard[before:]
    resumed = [state for state in line.states if isinstance(state, Connected) and state.resumed_after]
    assert resumed == []
    assert any(isinstance(state, Gap) for state in line.states)
    assert line.streams == stranger.streams
