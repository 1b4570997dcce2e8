"""A connection of streams: what its URL names, what it subscribes to, and when it ends."""

import json

import attrs
import pytest

from feed.dialects.binance.policy import BinancePolicy
from feed.dialects.binance.streams.names import Form
from feed.dialects.binance.views import TimeUnit
from feed.dialects.contract import Close, HandshakeRefusal, Reply, Subscribe, Unsubscribe, UpgradeRequest
from feed.dialects.discovery import dialects
from feed.model.topics import Topic
from feed.policies import Policies

OK = '{"result":null,"id":1}'


@pytest.fixture
def clock():
    """Seconds on the clock of the session's limits."""
    return [0.0]


@pytest.fixture
def session_of(support, clock):
    """Opens a session at a path below the dialect's own."""

    def open_session(path="/ws", policy=None, **query):
        context = attrs.evolve(
            support.context,
            monotonic=lambda: clock[0],
            policies=Policies(binance=policy or BinancePolicy()),
        )
        return dialects()["binance"].session(UpgradeRequest(path=path, query=query), context)

    return open_session


@pytest.fixture
def session(session_of):
    """A connection that has named nothing yet."""
    return session_of()


def request(method, *params, number=1):
    return json.dumps({"method": method, "params": list(params), "id": number})


def topics(*names, form=None):
    """Of EURUSD, which is the first of the listing, and of BTCUSD, the last."""
    at = {"eurusd": 0, "btcusd": 3}
    found = [name.partition("@") for name in names]
    options = (form or Form()).options
    return tuple(Topic("binance", channel, at[symbol], options) for symbol, _, channel in found)


def test_a_subscription_is_confirmed_and_begins(session):
    """In this order; a client waits for the confirmation before it looks at data."""
    assert session.open() == ()
    assert session.receive(request("SUBSCRIBE", "btcusd@trade", "eurusd@depth")) == [
        Reply(OK),
        Subscribe(topics("btcusd@trade", "eurusd@depth")),
    ]


@pytest.mark.parametrize("number", [7, "7", "a-b", -1, None, 2**63])
def test_an_answer_has_the_id_in_its_own_type(session, number):
    """Clients look for the very id that they have sent."""
    (reply,) = session.receive(request("LIST_SUBSCRIPTIONS", number=number))
    assert json.loads(reply.text) == {"result": [], "id": number}


def test_a_repeated_subscription_is_confirmed_again(session):
    """As some clients send it after a gap; the stream goes on."""
    again = request("SUBSCRIBE", "btcusd@depth@100ms")
    assert session.receive(again) == session.receive(again)
    assert session.receive(request("LIST_SUBSCRIPTIONS")) == [
        Reply('{"result":["btcusd@depth@100ms"],"id":1}')
    ]


def test_an_end_of_a_subscription(session):
    """Nothing comes after the confirmation; what was not subscribed to is confirmed as well."""
    session.receive(request("SUBSCRIBE", "btcusd@trade", "eurusd@trade"))
    assert session.receive(request("UNSUBSCRIBE", "btcusd@trade", "btcusd@depth", "xyz@trade")) == [
        Unsubscribe(topics("btcusd@trade", "btcusd@depth")),
        Reply(OK),
    ]
    assert session.receive(request("LIST_SUBSCRIPTIONS")) == [Reply('{"result":["eurusd@trade"],"id":1}')]


def test_what_does_not_exist_is_confirmed_and_never_comes(session):
    """A symbol in capitals, one that is not listed, a kind of stream that there is not."""
    names = ("BTCUSD@trade", "xyz@trade", "btcusd@trades")
    assert session.receive(request("SUBSCRIBE", *names)) == [Reply(OK), Subscribe(())]
    (reply,) = session.receive(request("LIST_SUBSCRIPTIONS"))
    assert json.loads(reply.text)["result"] == list(names)


@pytest.mark.parametrize("method", ["SUBSCRIBE", "UNSUBSCRIBE"])
def test_a_malformed_name_spoils_the_whole_request(session, method):
    """Nothing of it happens."""
    session.receive(request("SUBSCRIBE", "btcusd@trade"))
    (reply,) = session.receive(request(method, "btcusd@trade", "eurusd@trade", "@@x"))
    assert reply.text == '{"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":1}'
    assert session.receive(request("LIST_SUBSCRIPTIONS")) == [Reply('{"result":["btcusd@trade"],"id":1}')]


@pytest.mark.parametrize(
    ("path", "query", "names"),
    [
        ("/", {}, ()),
        ("/ws", {}, ()),
        ("/ws/", {}, ()),
        ("/ws/0", {}, ()),
        ("/ws/btcusd@trade", {}, ("btcusd@trade",)),
        ("/ws/btcusd%40trade", {}, ("btcusd@trade",)),
        ("/ws/btcusd@trade/eurusd@depth5/@@/btcusd@trade", {}, ("btcusd@trade", "eurusd@depth5")),
        ("/ws/btcusd@kline_1d@+08:00", {}, ("btcusd@kline_1d@+08:00",)),
        ("/stream", {}, ()),
        ("/stream/3", {}, ()),
        ("/stream", {"streams": "btcusd@trade/eurusd@depth"}, ("btcusd@trade", "eurusd@depth")),
        ("/stream", {"streams": "btcusd@kline_1d@ 08:00"}, ("btcusd@kline_1d@+08:00",)),
    ],
)
def test_the_url_names_streams(session_of, path, query, names):
    """Behind a path, or in a query; what is no stream there is passed over."""
    form = Form(combined=path.startswith("/stream"))
    session = session_of(path, **query)
    assert [*session.open()] == ([Subscribe(topics(*names, form=form))] if names else [])


@pytest.mark.parametrize("path", ["/wss", "/streams", "/nowhere"])
def test_other_paths_have_no_streams(session_of, path):
    """Nothing begins there by accident."""
    assert isinstance(session_of(path), HandshakeRefusal)


@pytest.mark.parametrize("unit", ["MICROSECOND", "microsecond"])
def test_the_unit_of_time_is_one_of_the_connection(session_of, unit):
    """Its topics are others, as their bytes are."""
    session = session_of("/stream", timeUnit=unit)
    form = Form(TimeUnit.MICROSECOND, combined=True)
    assert session.receive(request("SUBSCRIBE", "btcusd@trade"))[1] == Subscribe(
        topics("btcusd@trade", form=form)
    )


def test_a_unit_that_there_is_not_is_refused(session_of):
    """With the exchange's error, before the handshake."""
    refusal = session_of("/ws", timeUnit="NANOSECOND")
    assert (refusal.status, json.loads(refusal.body)["code"]) == (400, -1194)


@pytest.mark.parametrize(("path", "combined"), [("/ws", False), ("/stream", True)])
def test_messages_name_their_stream_or_not(session_of, path, combined):
    """As the URL says, until the client says otherwise: every stream goes on in the other form."""
    session = session_of(path)
    session.receive(request("SUBSCRIBE", "btcusd@trade", "eurusd@depth"))
    assert session.receive(request("GET_PROPERTY", "combined")) == [
        Reply(f'{{"result":{json.dumps(combined)},"id":1}}')
    ]
    names = "btcusd@trade", "eurusd@depth"
    assert session.receive(request("SET_PROPERTY", "combined", not combined)) == [
        Unsubscribe(topics(*names, form=Form(combined=combined))),
        Reply(OK),
        Subscribe(topics(*names, form=Form(combined=not combined))),
    ]
    assert session.receive(request("GET_PROPERTY", "combined")) == [
        Reply(f'{{"result":{json.dumps(not combined)},"id":1}}')
    ]


def test_the_sixth_message_within_a_second_ends_the_connection(session, clock):
    """1008, whatever is in it; five in each second are fine for ever."""
    for second in range(10):
        clock[0] = float(second)
        for at in range(5):
            (reply,) = session.receive(request("LIST_SUBSCRIPTIONS", number=at))
            assert isinstance(reply, Reply)
    clock[0] = 9.999
    assert session.receive("nonsense") == [Close(1008, "Too many requests")]


def test_the_bound_is_the_operators(session_of):
    """Two messages a second."""
    session = session_of(policy=BinancePolicy(stream_messages_per_second=2))
    answers = [session.receive(request("LIST_SUBSCRIPTIONS")) for _ in range(3)]
    assert [isinstance(actions[0], Close) for actions in answers] == [False, False, True]


def test_1024_streams_and_no_more(session):
    """One more is refused, and nothing of that request happens; in the URL it is no connection."""
    names = [f"s{at}@trade" for at in range(1024)]
    assert session.receive(request("SUBSCRIBE", *names))[0] == Reply(OK)
    (reply,) = session.receive(request("SUBSCRIBE", "s0@trade", "btcusd@trade"))
    assert reply.text == '{"error":{"code":2,"msg":"Invalid request: too many streams"},"id":1}'
    assert session.receive(request("SUBSCRIBE", "s0@trade"))[0] == Reply(OK)


def test_a_url_with_too_many_streams(session_of):
    """The connection is closed as soon as it is open."""
    session = session_of("/ws/" + "/".join(f"s{at}@trade" for at in range(1025)))
    assert session.open() == [Close(1008, "Too many streams")]


@pytest.mark.parametrize(
    ("path", "unit", "told"),
    [
        ("/ws", "", '{"e":"serverShutdown","E":1755440731125}'),
        (
            "/stream",
            "MICROSECOND",
            '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1755440731125000}}',
        ),
    ],
)
def test_a_connection_lasts_for_a_day(session_of, path, unit, told):
    """Ten minutes before its end it is told so."""
    session = session_of(path, timeUnit=unit)
    assert session.beat_seconds == 86_400 - 600
    assert session.on_timer() == [Reply(told)]
    assert session.beat_seconds == 600
    assert session.on_timer() == [Close(1001, "Connection expired")]


def test_a_short_life_has_a_short_notice(session_of):
    """Where the operator wants connections to end soon: at half-time, at the earliest."""
    session = session_of(policy=BinancePolicy(stream_connection_seconds=8))
    assert session.beat_seconds == 4
    assert json.loads(session.on_timer()[0].text)["e"] == "serverShutdown"
    assert session.beat_seconds == 4


def test_pings_are_the_exchanges(session):
    """Every 20 seconds, with a minute to answer."""
    assert (session.ping_seconds, session.pong_seconds) == (20, 60)
