"""Connecting again and again, on a virtual clock."""

import json

import anyio
import pytest
from sockets import CLOSED, HANG, ScriptedServer

from feed.client import (
    Connected,
    Disconnected,
    Gap,
    Garbled,
    KeyRefused,
    Message,
    Quote,
    ServerError,
    Stale,
    SymbolUnknown,
    Ticker,
    connect,
)
from feed.client.socket import HandshakeRefused, SocketClosed
from feed.errors import ConfigError

URL = "ws://127.0.0.1:8080"
AUTH = '{"type":"auth","success":true,"message":""}'
SUBSCRIBED = '{"type":"subscribed"}'
HELLO = ['{"type":"welcome"}', AUTH, SUBSCRIBED]


def at(seq):
    """A position of the server's market."""
    return f"{seq}-{seq * 7:08x}"


def subscribed(seq):
    """A subscription that begins at a number."""
    return f'{{"type":"subscribed","pos":"{at(seq)}"}}'


def tick(seq, pos=None):
    told = f'"seq":{seq},"pos":"{pos or at(seq)}"'
    return f'{{"type":"tick","symbol":"EURUSD","bid":1.1,"ask":1.2,"time":1,{told}}}'


def feed_of(server, **options):
    options = {"symbols": ["EURUSD"], "random": lambda: 0.0, "open_socket": server.open} | options
    return connect(URL, **options)


async def until(feed, kind, count=1):
    """Everything up to the ``count``-th item of a kind."""
    found = []
    async for item in feed:
        found.append(item)
        count -= isinstance(item, kind)
        if not count:
            return found
    raise AssertionError


async def test_it_comes_back_and_goes_on_where_it_left_off():
    """Disconnected, the wait, connected; the key and the subscription again; no tick twice."""
    server = ScriptedServer(
        [*HELLO[:2], subscribed(6), tick(6), tick(7), SocketClosed(1012, "restarting")],
        [*HELLO[:2], subscribed(6), tick(7), tick(9), HANG],
    )
    async with feed_of(server) as feed:
        found = await until(feed, Quote, 3)
    states = [item for item in found if isinstance(item, Connected | Disconnected | Gap | Quote)]
    assert [item.seq if isinstance(item, Quote) else item for item in states] == [
        Connected(url=URL),
        6,
        7,
        Disconnected(reason="restarting", code=1012, retry_seconds=1.0),
        Connected(url=URL, resumed_after=6),
        9,
    ]
    assert server.times == [0, 1]
    assert server.urls == [f"{URL}?ext=seq"] * 2
    assert [json.loads(socket.sent[1]) for socket in server.sockets] == [
        {"type": "subscribe", "symbols": ["EURUSD"], **since} for since in ({}, {"since": at(6)})
    ]


async def test_waits_grow_while_nobody_is_there():
    """By the document's numbers, scattered upwards."""
    server = ScriptedServer()
    async with feed_of(server, random=lambda: 0.5) as feed:
        await until(feed, Disconnected, 8)
    waits = [later - sooner for sooner, later in zip(server.times, server.times[1:], strict=False)]
    assert waits == pytest.approx([1.125, 2.125, 4.125, 8.125, 16.125, 32.125, 32.125])


@pytest.mark.parametrize(("seconds", "wait"), [(59, 4), (61, 1)])
async def test_waits_begin_anew_after_a_stable_minute(seconds, wait):
    """And not because a connection was open for a moment."""
    gone = OSError("refused")
    server = ScriptedServer(gone, gone, [*HELLO, seconds, SocketClosed(1001, "")], [HANG])
    async with feed_of(server, mute_seconds=None) as feed:
        await until(feed, Connected, 2)
    assert server.times == [0, 1, 3, 3 + seconds + wait]


async def test_a_mute_connection_is_asked_and_then_given_up():
    """Half the time in silence, a question, half the time for the answer."""
    server = ScriptedServer([*HELLO, tick(7), HANG], [HANG])
    async with feed_of(server, mute_seconds=20) as feed:
        found = await until(feed, Disconnected)
    assert found[-2:] == [
        Stale(seconds=20),
        Disconnected(reason="nothing came", retry_seconds=1.0),
    ]
    assert server.sockets[0].sent[-1] == '{"type":"list"}'


async def test_a_quiet_connection_that_answers_is_kept():
    """A market may have nothing to say."""
    answer = ['{"type":"subscriptions"}']
    server = ScriptedServer([*HELLO, *[12, *answer] * 5, tick(7)])
    async with feed_of(server, mute_seconds=20) as feed:
        found = await until(feed, Quote)
    assert not [item for item in found if isinstance(item, Stale | Disconnected)]
    assert server.sockets[0].sent.count('{"type":"list"}') == 5


@pytest.mark.parametrize(
    "why", ["is too old", "is ahead of this server", "is of another history: this is not the market you saw"]
)
async def test_a_refused_resume_is_a_gap_and_costs_no_wait(why):
    """On the same connection, which begins with the present; nobody is told that it went on."""
    complaint = f"since={at(7)} {why}"
    server = ScriptedServer(
        [*HELLO[:2], subscribed(7), tick(7), SocketClosed(1001, "")],
        [
            *HELLO[:2],
            json.dumps({"type": "error", "message": complaint}),
            subscribed(3),
            tick(3, at(3)),
            HANG,
        ],
    )
    async with feed_of(server) as feed:
        found = await until(feed, Quote, 2)
    assert [item for item in found if isinstance(item, Connected | Gap)] == [
        Connected(url=URL),
        Connected(url=URL),
        Gap(reason=complaint, after=7),
    ]
    assert found[-1].seq == 3
    assert server.times == [0, 1]
    assert [json.loads(text).get("since") for text in server.sockets[1].sent[1:]] == [at(7), None]


async def test_the_last_words_of_a_server_that_has_closed_are_read():
    """A resume that is refused by closing is a gap at once, though nothing could be said to that server."""

    async def post(*_):
        await anyio.lowlevel.checkpoint()
        return 200, b'{"access_token":"t"}'

    pong = f'{{"resultType":"pong","data":{{"statusCode":200}},"pos":"{at(7)}"}}'
    complaint = f"since={at(7)} is of another history: this is not the market you saw"
    refusal = json.dumps({"resultType": "error", "data": {"statusCode": 409, "body": complaint}})
    server = ScriptedServer(
        [pong, SocketClosed(1006, "")],
        [CLOSED, refusal, SocketClosed(1008, "Cannot resume")],
        [pong, HANG],
    )
    async with feed_of(server, symbols=["BTC-USD"], dialect="rails", post=post) as feed:
        found = await until(feed, Connected, 3)
    assert found == [
        Connected(url=URL),
        Disconnected(reason="", code=1006, retry_seconds=5.0),
        Connected(url=URL),
        Gap(reason=complaint, after=7),
        Disconnected(reason="given up for a new one", retry_seconds=0.0),
        Connected(url=URL),
    ]


async def test_a_stranger_is_asked_without_our_options():
    """At once, when a handshake with them is refused with 400."""
    server = ScriptedServer(HandshakeRefused(400, "HTTP 400"), [*HELLO, tick(7)])
    async with feed_of(server) as feed:
        await until(feed, Quote)
    assert (server.urls, server.times) == ([f"{URL}?ext=seq", URL], [0, 0])


async def test_a_refused_key_is_raised():
    """To whoever reads, after what came before it."""
    server = ScriptedServer(['{"type":"welcome"}', '{"type":"error","message":"Invalid API key"}'])
    with pytest.raises(KeyRefused, match="Invalid API key"):
        async with feed_of(server) as feed:
            await until(feed, Quote)


async def test_an_error_of_the_reader_comes_out_as_it_is():
    """No group around it, whatever the loop."""
    with pytest.raises(ZeroDivisionError):
        async with feed_of(ScriptedServer([HANG])):
            raise ZeroDivisionError


async def test_messages_are_given_to_who_asks():
    """Each before what it says."""
    server = ScriptedServer([*HELLO, tick(7)])
    async with feed_of(server, raw=True) as feed:
        found = await until(feed, Quote)
    assert [item.text for item in found if isinstance(item, Message)] == [*HELLO, tick(7)]


async def test_a_slow_reader_holds_the_connection_up():
    """With the default policy no more is read than fits; all of it comes in the end."""
    server = ScriptedServer([*HELLO, *(tick(seq) for seq in range(1, 50)), HANG])
    async with feed_of(server, queue_events=5) as feed:
        await anyio.wait_all_tasks_blocked()
        found = await until(feed, Quote, 49)
    assert [item.seq for item in found if isinstance(item, Quote)] == list(range(1, 50))


async def test_a_subscription_is_one_once_it_is_confirmed():
    """On the connection that stands, not on the one before."""
    server = ScriptedServer([*HELLO, tick(6), SocketClosed(1012, "restarting")], [*HELLO[:2], 5, HANG])
    async with feed_of(server) as feed:
        assert not feed.subscribed
        await until(feed, Quote)
        assert feed.subscribed
        await until(feed, Disconnected)
        await anyio.sleep(3)
        assert not feed.subscribed


@pytest.mark.parametrize(
    ("url", "options", "complaint"),
    [
        ("ws://x/nowhere", {}, "its path is that of no protocol"),
        ("ws://x", {"dialect": "morse"}, "no client for 'morse'"),
        ("ws://x", {"channels": ["book"]}, "no channel 'book'; there are quotes"),
        ("ws://x", {"raw_channels": ["book"]}, "no raw channel 'book'; there are none"),
        ("ws://x/rails", {"raw_channels": ["book"]}, "no raw channel 'book'; there are orders, trades"),
    ],
)
async def test_what_cannot_be_is_said_at_once(url, options, complaint):
    """Before anything is connected."""
    with pytest.raises(ConfigError, match=complaint):
        async with connect(url, symbols=["X"], **options):
            pass


async def test_the_key_of_the_documents_is_for_loopback():
    """Nobody else is told a key that was not given."""
    server = ScriptedServer([HANG])
    async with connect("ws://example.com", symbols=["X"], open_socket=server.open):
        await anyio.wait_all_tasks_blocked()
    assert server.sockets[0].sent == ['{"type":"auth","apiKey":""}']


async def test_a_protocol_can_be_named():
    """When the path does not say which it is."""
    text = '{"type":"ticker","symbol":"X","price":"1","bid":"1","ask":"2","ts":1,"seq":3}'
    server = ScriptedServer([text])
    async with feed_of(server, dialect="guide") as feed:
        assert isinstance((await until(feed, Ticker))[-1], Ticker)


@pytest.mark.parametrize(
    ("url", "dialect", "opened"),
    [
        ("ws://x", "guide", "ws://x/ws"),
        ("ws://x/?conflate=250", "securitypro", "ws://x/market/ws?conflate=250"),
        ("ws://x", "marketai", "ws://x/marketai"),
        ("ws://x/?key=k", "marketai", "ws://x/?key=k"),
        ("ws://x/other", "guide", "ws://x/other"),
        ("ws://x", "tradyn", "ws://x"),
    ],
)
async def test_a_protocol_that_is_named_is_asked_for_where_it_is_spoken(url, dialect, opened):
    """At the root of a server another would answer; a path that was given stands."""
    server = ScriptedServer([HANG])
    async with connect(url, symbols=["X"], dialect=dialect, open_socket=server.open, resume=False):
        await anyio.wait_all_tasks_blocked()
    assert server.urls == [opened]


async def listing(url):
    assert url == "http://127.0.0.1:8080/api/v1/markets"
    return json.dumps([{"market": name} for name in ("GBPUSD", "EURUSD", "XAUUSD")]).encode()


async def test_an_unknown_symbol_ends_it_with_those_that_there_are():
    """The nearest first; nobody waits for what cannot come."""
    server = ScriptedServer([*HELLO, '{"type":"error","message":"Unknown symbol(s): EURUSX"}', HANG])
    async with feed_of(server, symbols=["EURUSX", "GBPUSD"], fetch=listing) as feed:
        with pytest.raises(SymbolUnknown) as caught:
            await until(feed, Quote)
    assert str(caught.value) == "Unknown symbol(s): EURUSX; known are EURUSD, GBPUSD, XAUUSD"
    assert caught.value.known == ("EURUSD", "GBPUSD", "XAUUSD")


async def test_where_nobody_lists_symbols_the_servers_words_stand():
    """A listing that cannot be had, or is none, is no obstacle."""

    async def nothing(_):
        return b"<html>"

    said = "Unknown symbol(s): X; did you mean Y?"
    server = ScriptedServer([*HELLO, json.dumps({"type": "error", "message": said}), HANG])
    async with feed_of(server, symbols=["X"], fetch=nothing) as feed:
        with pytest.raises(SymbolUnknown) as caught:
            await until(feed, Quote)
    assert (str(caught.value), caught.value.known) == (said, ())


async def test_a_symbol_that_goes_away_later_ends_nothing():
    """A feed that has worked goes on with what is left, and tells of the complaint."""
    complaint = '{"type":"error","message":"Unknown symbol(s): GBPUSD"}'
    server = ScriptedServer(
        [*HELLO, tick(6), SocketClosed(1012, "restarting")], [*HELLO, complaint, tick(7), HANG]
    )
    async with feed_of(server, symbols=["EURUSD", "GBPUSD"]) as feed:
        found = await until(feed, Quote, 2)
    assert any(isinstance(item, ServerError) for item in found)


async def test_a_raw_message_says_whether_it_tells_of_the_market():
    """The others are answers, heartbeats, and what nobody understands."""
    server = ScriptedServer([*HELLO, tick(6), "#", HANG])
    async with feed_of(server, raw=True) as feed:
        found = await until(feed, Garbled)
    assert [item.data for item in found if isinstance(item, Message)] == [False] * 3 + [True, False]
