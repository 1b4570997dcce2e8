"""Connections to the market streams of Binance: pings, limits, their end, and equal bytes for all."""

import json
from itertools import pairwise

import pytest
import trio
from asking import ADMIN, ask
from clients import CLOSE, PING, PONG, TEXT, Closed, frame
from scripts import Script, quote

from feed import Settings
from feed.dialects.discovery import dialects
from feed.model.events import ADD, CLOCK, Side
from feed.model.instruments import Instrument, Listing
from feed.policies import Policies
from feed.settings import MessageLog

pytestmark = pytest.mark.protocols("binance")

START = 1_709_742_000_000_000_000
SECOND = 1_000_000_000
LISTING = Listing(
    [
        Instrument(
            symbol="BTC-USDT", base="BTC", quote="USDT", price_decimals=2, size_decimals=5, venue="binance"
        )
    ]
)


def policies(**fields):
    """Those of the exchange, but for some."""
    from feed.dialects.binance.policy import BinancePolicy  # noqa: PLC0415 - its folder may be taken out

    return Policies(binance=BinancePolicy(**fields))


@pytest.fixture
async def exchange(open_server):
    """One symbol, and a quote."""
    script = Script(listing=LISTING, opening=[quote(0, 6_425_000, ts=START)])
    async with open_server(script=script) as server:
        yield server


async def test_pings_come_every_20_seconds_and_a_minute_is_left_to_answer(exchange):
    """A client that answers none is pinged all the same, and closed 80 seconds after it came."""
    client = await exchange.upgraded("/binance/ws/btcusdt@trade", polite=False)
    opened = trio.current_time()
    pings = []
    while True:
        opcode, payload = await client.frame()
        if opcode != PING:
            break
        pings.append(trio.current_time() - opened)
    assert pings[:3] == [pytest.approx(at, abs=1e-6) for at in (20, 40, 60)]
    assert (opcode, payload) == (CLOSE, b"\x03\xf3No answer to ping")
    assert trio.current_time() - opened == pytest.approx(80, abs=1e-6)


async def test_a_client_that_answers_stays(exchange):
    """For an hour without a message of its own."""
    client = await exchange.upgraded("/binance/ws/btcusdt@trade")
    with trio.move_on_after(3599):
        await client.text()
    assert client.pings == 179
    assert exchange.ended == {}


async def test_a_connection_has_an_end(open_server):
    """With ten minutes' notice; a client that comes back at once is served at once."""
    settings = Settings(policies=policies(stream_connection_seconds=3000))  # in place of a day
    async with open_server(settings, Script(listing=LISTING, opening=[quote(0, 1, ts=START)])) as server:
        client = await server.upgraded("/binance/stream?streams=btcusdt@trade")
        opened = trio.current_time()
        told = await client.message()
        assert told == {"stream": "!serverShutdown", "data": {"e": "serverShutdown", "E": START // 10**6}}
        assert trio.current_time() - opened == pytest.approx(2400, abs=1e-3)
        with pytest.raises(Closed) as closed:
            await client.text()
        assert (closed.value.code, closed.value.reason) == (1001, "Connection expired")
        assert trio.current_time() - opened == pytest.approx(3000, abs=1e-3)
        again = await server.upgraded("/binance/ws")
        await again.send({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        assert await again.message() == {"result": [], "id": 1}


async def test_the_sixth_message_within_a_second_is_the_last(exchange):
    """1008; somebody else on the same machine is not disturbed."""
    other = await exchange.upgraded("/binance/ws")
    client = await exchange.upgraded("/binance/ws")
    for number in range(6):
        await client.send({"method": "LIST_SUBSCRIPTIONS", "id": number})
    messages, code, reason = await client.rest()
    assert [message["id"] for message in messages] == [0, 1, 2, 3, 4]
    assert (code, reason) == (1008, "Too many requests")
    await other.send({"method": "LIST_SUBSCRIPTIONS", "id": "other"})
    assert await other.message() == {"result": [], "id": "other"}


async def test_five_messages_a_second_are_fine(exchange):
    """For a minute."""
    client = await exchange.upgraded("/binance/ws")
    for number in range(300):
        await client.send({"method": "LIST_SUBSCRIPTIONS", "id": number})
        assert (await client.message())["id"] == number
        if number % 5 == 4:
            await trio.sleep(1)


async def test_own_port(exchange):
    """Without the prefix, where the port is the protocol's own."""
    from feed.server.router import ListenerConfig  # noqa: PLC0415

    config = ListenerConfig(dialect=dialects()["binance"])
    client = await exchange.upgraded("/ws/btcusdt@bookTicker", config=config)
    exchange.script.play(quote(0, 6_425_001, ts=START + SECOND))
    assert (await client.message())["b"] == "64250.01000000"


async def test_whoever_listens_alike_is_sent_the_same_bytes(exchange):
    """By URL or by message, early or late in a window: the same frames from there on."""
    names = ["btcusdt@depth@100ms", "btcusdt@bookTicker"]
    by_url = await exchange.upgraded(f"/binance/ws/{'/'.join(names)}")
    by_message = await exchange.upgraded("/binance/ws/7")
    await by_message.send({"method": "SUBSCRIBE", "params": names, "id": 1})
    assert await by_message.message() == {"result": None, "id": 1}
    by_message.data.clear()
    rows = [(ADD, 0, START + at * SECOND // 50, at, Side.BUY, 6_425_000 + at, 1, 1) for at in range(1, 100)]
    exchange.script.play(*rows[:52])  # into the middle of a window
    await trio.testing.wait_all_tasks_blocked()
    late = await exchange.upgraded(f"/binance/ws/{names[1]}/{names[0]}")
    exchange.script.play(*rows[52:], (CLOCK, 0, START + 3 * SECOND))
    clients = by_url, by_message, late
    for client in clients:
        with trio.move_on_after(1):
            while True:
                opcode, _ = await client.frame()
                assert opcode == TEXT
    assert by_url.data == by_message.data
    assert by_url.data.endswith(late.data)
    assert late.data.startswith(b"\x81")


async def operator(server, kind, **fields):
    """A fault that an administrator adds, for this protocol alone."""
    body = {"name": kind, "kind": kind, "aim": {"dialect": "binance"}, **fields}
    status, _, answer = await ask(
        server.connect(), "/admin/faults", method="POST", body=json.dumps(body).encode(), **ADMIN
    )
    assert status == 201, answer


def levels(*places):
    """One new price level in each of these windows of 100 ms."""
    return [
        (ADD, 0, START + at * SECOND // 10 + 1000, at + 1, Side.BUY, 6_425_000 + at, 1, 1) for at in places
    ]


@pytest.mark.parametrize(
    ("kind", "fields", "order"),
    [
        ("gap", {}, [0, 2, 3, 4]),
        ("duplicate", {}, [0, 1, 1, 2, 3, 4]),
        ("reorder", {"fraction": 1}, [0, 2, 1, 3, 4]),
    ],
)
async def test_a_diff_is_missing_repeated_or_late(exchange, kind, fields, order):
    """Once, to everybody who listens to that stream; the best prices beside it come as they are."""
    client = await exchange.upgraded("/binance/ws/btcusdt@depth@100ms/btcusdt@depth5@100ms")

    async def diffs(count):
        found = []
        while len(found) < count:
            message = await client.message()
            if "e" in message:
                found.append(message)
        return found

    exchange.script.play(*levels(0, 1))
    heard = await diffs(1)
    await operator(exchange, kind, messages=1, channel="depth@100ms", **fields)
    exchange.script.play(*levels(2, 3, 4), (CLOCK, 0, START + SECOND))
    heard += await diffs(len(order) - 1)
    whole = sorted({one["u"]: one for one in heard}.values(), key=lambda one: one["u"])
    at = [int(one["b"][0][0][3:5] + one["b"][0][0][6:8]) for one in heard]
    assert at == [5000 + place for place in order]
    joined = all(later["U"] == one["u"] + 1 for one, later in pairwise(whole))
    assert joined is (kind != "gap")


async def test_a_mute_connection_still_answers_pings(exchange):
    """And is pinged; nothing else comes, not even an answer."""
    client = await exchange.upgraded("/binance/ws/btcusdt@bookTicker")
    await operator(exchange, "mute")
    exchange.script.play(quote(0, 6_425_001, ts=START + SECOND))
    await client.send({"method": "LIST_SUBSCRIPTIONS", "id": 1})
    await client.send_bytes(frame(PING, b"there?"))
    assert await client.frame() == (PONG, b"there?")
    assert (await client.frame())[0] == PING


async def test_a_connection_is_told_to_go(exchange):
    """In the exchange's words, as at the end of a day."""
    client = await exchange.upgraded("/binance/stream?streams=btcusdt@trade&timeUnit=MICROSECOND")
    await operator(exchange, "go-away", notice_seconds=30)
    said = {"e": "serverShutdown", "E": START // 1000}
    assert await client.message() == {"stream": "!serverShutdown", "data": said}
    messages, code, _ = await client.rest()
    assert (messages, code) == ([], 1001)


async def test_a_connection_is_closed_as_for_too_many_messages(exchange):
    """1008, without a message having been sent."""
    client = await exchange.upgraded("/binance/ws")
    await operator(exchange, "disconnect", code=1008, reason="Too many requests")
    assert await client.rest() == ([], 1008, "Too many requests")


async def test_a_notice_is_kept_in_time_where_messages_are_logged(open_server, tmp_path):
    """What stands between connection and session tells when the session wants to be asked next."""
    logged = MessageLog(directory=tmp_path / "log")
    settings = Settings(policies=policies(stream_connection_seconds=60), message_log=logged)
    async with open_server(settings, Script(listing=LISTING, opening=[quote(0, 1, ts=START)])) as server:
        client = await server.upgraded("/binance/ws")
        opened = trio.current_time()
        messages, code, _ = await client.rest()
        assert (len(messages), code) == (1, 1001)
        assert trio.current_time() - opened == pytest.approx(60, abs=1e-3)
