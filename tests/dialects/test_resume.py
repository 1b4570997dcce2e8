"""
Where subscriptions begin, in every protocol that resumes: whose ``since`` counts, and what is refused.

A protocol's own words are in the table below; all else is the same for all of them.
"""

import json

import attrs
import pytest

from feed.dialects.client import Resuming
from feed.dialects.contract import Close, HandshakeRefusal, Reply, Subscribe
from feed.dialects.discovery import codecs, dialects
from feed.dialects.resume import RefusalReason, ResumePoint, ResumeRefused
from feed.model.stream_position import StreamPosition

SEND = "send the last pos that you were told, such as 123456-a1b2c3d4"
ANEW = "subscribe without since to begin with the present"


def wordings(at):
    """What is wrong with a position, by kind: the position as text, and the sentence."""
    return {
        RefusalReason.MALFORMED: ("12", f"since=12 is a number alone and proves nothing: {SEND}"),
        RefusalReason.TOO_OLD: (
            at(99).text,
            f"since={at(99).text} is too old: the oldest event kept is 101; {ANEW}",
        ),
        RefusalReason.AHEAD: (
            at(201).text,
            f"since={at(201).text} is ahead of this server: its newest event is 200; {ANEW}",
        ),
        RefusalReason.OTHER_HISTORY: (
            "150-00000000",
            f"since=150-00000000 is of another history: this is not the market you saw; {ANEW}",
        ),
    }


# SecurityPro's error codes, and Rails' statuses.
CODES = {
    RefusalReason.MALFORMED: "invalid_request",
    RefusalReason.HELD: "already_subscribed",
    RefusalReason.TOO_OLD: "resume_too_old",
    RefusalReason.AHEAD: "resume_ahead",
    RefusalReason.OTHER_HISTORY: "resume_other_history",
}
STATUSES = {
    RefusalReason.MALFORMED: 400,
    RefusalReason.HELD: 400,
    RefusalReason.OTHER_HISTORY: 409,
    RefusalReason.TOO_OLD: 410,
    RefusalReason.AHEAD: 416,
}


class Tradyn:
    """A frame may name many symbols."""

    streams = ("EURUSD", "GBPUSD", "XAUUSD")
    silent = "NO"

    def subscribe(self, *symbols, **since):
        return {"type": "subscribe", "symbols": symbols, **since}

    def unsubscribe(self, symbol):
        return {"type": "unsubscribe", "symbol": symbol}

    def complaint(self, why, text, stream):
        del why, stream
        return {"type": "error", "message": text}


class Guide(Tradyn):
    """As the tick server, with other names."""

    streams = ("ticker_eurusd", "trades_btcusd", "book_btcusd")
    silent = "ticker_nosuch"

    def subscribe(self, *channels, **since):
        return {"type": "subscribe", "channels": channels, **since}

    def unsubscribe(self, channel):
        return {"type": "unsubscribe", "channels": [channel]}


class SecurityPro:
    """One stream a frame; errors have codes, and say which subscription they are about."""

    streams = (("ticker", "EURUSD"), ("trades", "EURUSD"), ("trades", "BTC-USD"))
    silent = ("trades", "NO")

    def subscribe(self, stream, op="subscribe", **since):
        return {"op": op, "channel": stream[0], "symbol": stream[1], "apiKey": "good key", **since}

    def unsubscribe(self, stream):
        return self.subscribe(stream, "unsubscribe")

    def complaint(self, why, text, stream):
        about = {"channel": stream[0], "symbol": stream[1]}
        fields = {"type": "error", "code": CODES[why], "message": text, "subscription": about}
        return {**fields, "ts": "2025-08-17T14:25:31.125Z"}


class Rails:
    """The URL's streams are subscribed by the handshake."""

    streams = ("publicTrades", "publicOrderBook", "trades")
    silent = "nothing"

    def subscribe(self, *streams, **since):
        return {"message": "subscribe", "content": {"subscriptions": streams, **since}}

    def unsubscribe(self, stream):
        return {"message": "unsubscribe", "content": {"subscriptions": [stream]}}

    def complaint(self, why, text, stream):
        del stream
        data = {"statusCode": STATUSES[why], "body": text}
        return {"resultType": "subscribe", "market": "ALL", "data": data}


SPEAKERS = {"tradyn": Tradyn(), "guide": Guide(), "securitypro": SecurityPro(), "rails": Rails()}
SPEAKERS = {name: speaker for name, speaker in SPEAKERS.items() if name in dialects()}


class Talk:
    """A conversation with one protocol's session."""

    def __init__(self, support, name, **query):
        sample = support.sample(name)
        opening = attrs.evolve(sample.OPENING, query={**sample.OPENING.query, **query})
        self.speaker = SPEAKERS[name]
        self.session = dialects()[name].session(opening, support.context)
        if not isinstance(self.session, HandshakeRefusal):
            self.opened = self.session.open()
            for text in sample.AUTHENTICATE:
                self.session.receive(text)

    def say(self, message):
        return self.session.receive(json.dumps(message))

    def subscribe(self, *streams, **since):
        """Where the subscriptions of a frame begin, one for each topic but heartbeats."""
        actions = self.say(self.speaker.subscribe(*streams, **since))
        self.said = [json.loads(action.text) for action in actions if isinstance(action, Reply)]
        return [action.since for action in actions if isinstance(action, Subscribe)]


@pytest.fixture(params=SPEAKERS)
def name(request):
    return request.param


@pytest.fixture
def talk(support, name):
    """Opens a conversation in the protocol."""
    return lambda **query: Talk(support, name, **query)


by_request = pytest.mark.parametrize("name", [name for name in SPEAKERS if name != "rails"])


def test_every_protocol_that_resumes_is_here():
    """So that the next one is held to the same."""
    assert {
        name for name, codec in codecs().items() if codec.resuming is not Resuming.NEVER
    } == SPEAKERS.keys()


@by_request
def test_the_urls_since_serves_the_first_subscription_alone(support, talk):
    """A later one begins with the present, and so does the first when it is asked for again."""
    one = talk(since=support.position(150).text)
    first, second, _ = one.speaker.streams
    assert one.subscribe(first) == [support.position(150)]
    assert one.subscribe(second) == [None]
    one.say(one.speaker.unsubscribe(first))
    assert one.subscribe(first) == [None]


@by_request
def test_what_is_refused_for_its_name_leaves_the_urls_since_to_the_next(support, talk):
    """An unknown symbol, and a message that is none."""
    one = talk(since=support.position(150).text)
    assert one.subscribe(one.speaker.silent) == []
    one.say({"type": "subscribe", "op": "subscribe"})
    assert one.subscribe(one.speaker.streams[0]) == [support.position(150)]


@by_request
def test_a_refused_resume_leaves_nothing_behind(support, talk):
    """It has been answered: asked once more the subscription begins with the present."""
    one = talk(since=support.position(99).text)
    assert one.subscribe(one.speaker.streams[0]) == []
    assert one.subscribe(one.speaker.streams[0]) == [None]


@pytest.mark.protocols("rails")
def test_rails_subscribes_by_the_handshake(support):
    """The URL's since is for the URL's streams; a refusal ends the connection, which is of no use."""
    at = support.position
    one = Talk(support, "rails", since=at(150).text)
    assert [action.since for action in one.opened] == [at(150)]
    assert one.subscribe("publicTrades") == [None]
    for why, (text, complaint) in wordings(at).items():
        one = Talk(support, "rails", since=text)
        if why is RefusalReason.MALFORMED:
            body = {"statusCode": 400, "body": complaint}
            assert (one.session.status, json.loads(one.session.body)) == (400, body)
            continue
        reply, close = one.opened
        assert json.loads(reply.text) == {
            "resultType": "error",
            "market": "ALL",
            "data": {"statusCode": STATUSES[why], "body": complaint},
        }
        assert close == Close(1008, "Cannot resume")


def test_every_frame_says_where_its_own_subscriptions_begin(support, talk):
    """Each from elsewhere; one without begins with the present."""
    one = talk()
    first, second, third = one.speaker.streams
    assert one.subscribe(first, since=support.position(150).text) == [support.position(150)]
    assert one.subscribe(second, since=support.position(120).text) == [support.position(120)]
    assert one.subscribe(third) == [None]


@by_request
def test_the_frames_own_since_counts(support, talk):
    """And uses up that of the URL, which is for the first."""
    one = talk(since=support.position(150).text)
    first, second, _ = one.speaker.streams
    assert one.subscribe(first, since=support.position(120).text) == [support.position(120)]
    assert one.subscribe(second) == [None]


@pytest.mark.parametrize("seq", [100, 101, 200])
def test_what_is_kept_can_be_resumed_from(support, talk, seq):
    """From the event before the oldest one kept up to the newest."""
    one = talk()
    assert one.subscribe(one.speaker.streams[0], since=support.position(seq).text) == [support.position(seq)]


@pytest.mark.parametrize(
    "why", [RefusalReason.MALFORMED, RefusalReason.TOO_OLD, RefusalReason.AHEAD, RefusalReason.OTHER_HISTORY]
)
def test_a_refusal_says_why(support, talk, why):
    """In the protocol's own style, each kind distinct; nothing has begun, and the connection stays."""
    one = talk()
    stream = one.speaker.streams[0]
    text, complaint = wordings(support.position)[why]
    assert one.subscribe(stream, since=text) == []
    assert one.said == [one.speaker.complaint(why, complaint, stream)]
    assert one.subscribe(stream, since=support.position(150).text) == [support.position(150)]


@by_request
def test_a_urls_since_that_is_none_is_refused_before_the_handshake(talk):
    """In the protocol's words, which are those that clients know a refused resume by."""
    refusal = talk(since="12").session
    assert refusal.status == 400
    assert "since=12 is a number alone and proves nothing" in refusal.body


@pytest.mark.parametrize("since", [12, 1.5, True, {}, [], "", "x" * 9999, "12-A1B2C3D4"])
def test_a_since_that_is_none_is_answered_at_no_length(talk, since):
    """Whatever it is."""
    one = talk()
    assert one.subscribe(one.speaker.streams[0], since=since) == []
    assert len(json.dumps(one.said)) < 400
    assert "since=" in json.dumps(one.said)


def test_what_is_heard_already_cannot_be_resumed(support, talk):
    """Rather than confirmed with nothing replayed; once unsubscribed it can."""
    one = talk()
    first, second, _ = one.speaker.streams
    one.subscribe(first)
    assert one.subscribe(first, since=support.position(150).text) == []
    assert "is subscribed already; unsubscribe from it first" in json.dumps(one.said)
    if not isinstance(one.speaker, SecurityPro):  # has one stream a frame
        assert one.subscribe(second, first, since=support.position(150).text) == []
        assert one.subscribe(second) == [None]
    assert one.subscribe(first) == [None]
    one.say(one.speaker.unsubscribe(first))
    assert one.subscribe(first, since=support.position(150).text) == [support.position(150)]


def test_a_confirmation_says_where_the_subscription_begins(support, talk):
    """With the option, and only then: a stream without a snapshot has a position before its first word."""
    one = talk(ext="seq")
    first, second, _ = one.speaker.streams
    one.subscribe(first)
    assert one.said[0]["pos"] == support.newest.text
    one.subscribe(second, since=support.position(150).text)
    assert one.said[0]["pos"] == support.position(150).text
    one = talk()
    one.subscribe(first)
    assert "pos" not in one.said[0]


@pytest.mark.parametrize(
    ("name", "question"),
    [
        pytest.param(name, question, marks=pytest.mark.protocols(name))
        for name, question in (
            ("tradyn", {"type": "list"}),
            ("guide", {"type": "list"}),
            ("guide", {"type": "ping"}),
            ("rails", {"message": "ping"}),
        )
    ],
)
def test_an_answer_says_where_the_stream_stands(support, talk, question):
    """So that who listens to something quiet keeps a position that is not too old."""
    for query, told in (({"ext": "seq"}, support.newest.text), ({}, None)):
        (reply,) = talk(**query).say(question)
        assert json.loads(reply.text).get("pos") == told


def test_a_beginning_lets_a_bug_through():
    """Only what a history refuses is a client's fault."""

    def check(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ResumePoint(StreamPosition(1, 2), check).next()
    with pytest.raises(ResumeRefused):
        ResumePoint(None, check).next(5)
