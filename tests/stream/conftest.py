"""Clients whose sockets take what they are told to, and a hub of topics that are easy to read."""

import itertools
import math
from types import SimpleNamespace

import pytest

from feed.model.events import QUOTE, TRADE, UNKNOWN
from feed.model.topics import Topic
from feed.settings import Flow
from feed.state.encoder import Encoder
from feed.stream.fanout import Fanout
from feed.stream.groups import Group
from feed.stream.history import History
from feed.stream.hub import Hub
from feed.stream.send_buffer import SendBuffer
from feed.stream.sweep import Sweep

TEXT, CLOSE, PING = 0x81, 0x88, 0x89


class Client:
    """A send buffer on a non-blocking socket that has room for so many bytes."""

    def __init__(self, *, room=math.inf, backlog_bytes=1 << 30, deflated=False):
        self.room = room
        self.broken = False  # the next write will fail
        self.failed = False  # and has
        self.received = b""
        self.writes = 0
        self.wakes = 0
        self.cuts = 0
        self.send_buffer = SendBuffer(
            self._send, backlog_bytes=backlog_bytes, deflated=deflated, wake=self._wake, cut=self._cut
        )

    def _send(self, data):
        assert data, "a write of nothing"
        self.writes += 1
        if self.broken:
            self.failed = True
            raise ConnectionResetError
        taken = int(min(len(data), self.room))
        if not taken:
            raise BlockingIOError
        self.room -= taken
        self.received += data[:taken]
        return taken

    def _wake(self):
        self.wakes += 1

    def _cut(self):
        self.cuts += 1

    def take(self, room):
        """Make room for so many bytes more, and let the writer task see it."""
        self.room += room
        self.send_buffer.pump()

    @property
    def frames(self):
        """Whole frames received, and the bytes of one that has begun."""
        return split(self.received)

    @property
    def texts(self):
        """Payloads of the text frames received; fails on half a frame."""
        whole, rest = self.frames
        assert rest == b""
        return [payload(frame) for frame in whole if frame[0] == TEXT]


def header_and_length(data):
    """Size of a frame's header, and of its payload; by the letter of RFC 6455, section 5.2."""
    assert not data[1] & 0x80, "a server never masks"
    match data[1]:
        case 126:
            return 4, int.from_bytes(data[2:4], "big")
        case 127:
            return 10, int.from_bytes(data[2:10], "big")
        case length:
            return 2, length


def split(data):
    """Whole frames of ``data``, and what is left over."""
    frames = []
    while len(data) >= 2:
        header, length = header_and_length(data.ljust(10, b"\0"))
        if len(data) < header + length:
            break
        frames.append(data[: header + length])
        data = data[header + length :]
    return frames, data


def payload(frame):
    """Text of a text frame."""
    return frame[header_and_length(frame)[0] :].decode()


class Spoken(Encoder):
    """Says ``quote:0@7`` of event 7, and keeps a list of what it has said."""

    def __init__(self, topic, said):
        self.kinds = {"quote": (QUOTE,), "trade": (TRADE,), "both": (QUOTE, TRADE)}[topic.channel]
        self._name = f"{topic.channel}:{topic.instrument}"
        self._said = said

    def snapshot(self, market_state, instrument):
        quote = market_state.quote(instrument)
        return [f"{self._name} from {quote.seq}"] if quote else []

    def encode(self, item):
        match getattr(item, "size", None):
            case 13:
                return None  # some events are not worth a message
            case 666:
                raise ZeroDivisionError(self._name)
        text = f"{self._name}@{item.seq}"
        self._said.append(text)
        return text


class HubHarness:
    """A hub of three instruments, its fan-out, and everything its encoders have said."""

    def __init__(
        self,
        *,
        history=None,
        proof=0,
        make_encoder=None,
        failed=None,
        deflater=None,
        log=None,
        fault_hook=None,
        **flow,
    ):
        self.said = []
        self.made = []
        flow = Flow(**flow)
        history = history or History(
            instruments=3, seconds=flow.history_seconds, size=flow.history_bytes, proof=proof
        )
        make_encoder = make_encoder or self._make_encoder
        self.hub = Hub(history, make_encoder, flow=flow, failed=failed, deflater=deflater)
        self.fanout = Fanout(self.hub, flow, log=log, fault_hook=fault_hook)

    def _make_encoder(self, topic, *_):
        self.made.append(topic)
        return Spoken(topic, self.said)

    def publish(self, *rows):
        """One step of the fan-out without its pauses."""
        for group in self.hub.publish(list(rows)):
            deliver(group)
            for member in list(group.behind):
                member.check(self.hub.seq)

    def client(self, *topics, since=None, **options):
        """A client that listens to ``topics``, where it resumes it has to be let :meth:`catch_up`."""
        client = Client(**options)
        self.hub.subscribe(client.send_buffer, topics, since=since)
        return client

    def catch_up(self):
        """Tell everybody of the past what their sockets take."""
        while self.hub.replays.waiting:
            self.hub.replays.turn()

    @property
    def empty(self):
        """Whether nothing is kept for anybody."""
        hearing = itertools.chain.from_iterable(itertools.chain.from_iterable(self.hub._topics.listeners))
        return not self.hub._groups and not len(self.hub._topics) and not list(hearing)


def short_history(events):
    """A history that keeps no more than the last step and so many events."""
    return History(instruments=3, seconds=0, size=1 << 20, block_events=4, mark_events=events)


def deliver(group, *frames):
    """Give the frames of a step to everybody in ``group``."""
    group.parts += frames
    data = group.publish()
    Sweep(0, lambda: 0)._write(group, data, *group.audience())


def make_group():
    """A group without topics, and a list of the times it was deserted."""
    emptied = []
    return Group((), emptied=emptied.append), emptied


PRICES = itertools.count(100)


def quote(instrument=0, *, size=1):
    """A quote at a price that no quote had before."""
    bid = next(PRICES)
    return (QUOTE, instrument, 1_000, bid, size, bid + 1, size)


def trade(instrument=0, *, size=1):
    return (TRADE, instrument, 1_000, 1, 0, 100, size, 0, 0, UNKNOWN, UNKNOWN)


def topic(channel="quote", instrument=0):
    return Topic("test", channel, instrument)


@pytest.fixture(scope="session")
def stream():
    """Everything above under one name; of the whole session, so that property tests may have it."""
    return SimpleNamespace(
        Client=Client,
        HubHarness=HubHarness,
        short_history=short_history,
        TEXT=TEXT,
        ping=lambda text: bytes((PING, len(text))) + text.encode(),
        close=lambda code: bytes((CLOSE, 2)) + code.to_bytes(2, "big"),
        split=split,
        payload=payload,
        header_and_length=header_and_length,
        deliver=deliver,
        make_group=make_group,
        quote=quote,
        trade=trade,
        topic=topic,
    )
