"""
What clients ask for happens between two steps of the fan-out, never in the middle of one.

A step over many connections lets other tasks run before all have their share. Here it is held at
such a moment for as long as a test wants: the market has moved on, and some have yet to be told.
"""

from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
import trio
from asking import ask as ask_http
from asking import head as http_head
from clients import BINARY, TEXT, frame, request
from railway import railway
from scripts import quote
from virtual import run

from feed import Flow, Settings
from feed.dialects.securitypro.policy import SecurityProPolicy
from feed.model.events import TRADE
from feed.policies import Policies
from feed.stream import fanout

ONE_AT_A_TIME = Settings(flow=Flow(sweep_connections=1))


@asynccontextmanager
async def step_held(monkeypatch, play):
    """A step that ``play`` begins, held before its second connection until the block ends."""
    held, go_on = trio.Event(), trio.Event()

    async def hold():
        held.set()
        with trio.CancelScope(shield=True):
            await go_on.wait()
        await trio.lowlevel.cancel_shielded_checkpoint()

    with monkeypatch.context() as patch:
        # Only where the fan-out pauses: others use the same function.
        lowlevel = SimpleNamespace(cancel_shielded_checkpoint=hold)
        patch.setattr(fanout, "trio", SimpleNamespace(**vars(trio) | {"lowlevel": lowlevel}))
        play()
        await held.wait()
    try:
        yield
    finally:
        go_on.set()
    await trio.testing.wait_all_tasks_blocked()


def bid(message):
    return round(message["bid"] * 100_000)


@pytest.fixture
async def three(open_server):
    """A house, and three clients that listen to EURUSD, in the order in which they are told."""
    async with open_server(ONE_AT_A_TIME) as server:
        clients = [await server.subscribed("EURUSD") for _ in range(3)]
        for client in clients:
            assert bid(await client.message()) == 100
        yield server, clients


async def test_a_subscription_waits_for_the_end_of_the_step(three, monkeypatch):
    """The last in line gets the tick that it is owed, and then the answer and the new symbol."""
    server, (*_, last) = three
    async with step_held(monkeypatch, lambda: server.script.play(quote(0, 200))):
        await last.send({"type": "subscribe", "symbol": "GBPUSD"})
        await trio.testing.wait_all_tasks_blocked()
    tick, confirmed, other = await last.messages(3)
    assert (tick["type"], bid(tick)) == ("tick", 200)
    assert (confirmed["type"], other["symbol"]) == ("subscribed", "GBPUSD")


async def test_a_connection_that_is_ended_has_its_share_of_the_step_first(three, monkeypatch):
    """The tick, then the last words, then the close: nothing that was published is lost."""
    server, (*_, last) = three
    async with step_held(monkeypatch, lambda: server.script.play(quote(0, 200))):
        await last.send_bytes(frame(BINARY, b"?"))
        await trio.testing.wait_all_tasks_blocked()
    messages, code, _ = await last.rest()
    assert [message["type"] for message in messages] == ["tick", "error"]
    assert (bid(messages[0]), code) == (200, 1003)


async def test_a_request_is_answered_when_everybody_knows_what_it_tells(three, monkeypatch):
    """An answer by HTTP speaks of no event that a subscriber is yet to hear of."""
    server, (*_, last) = three
    client = server.connect()
    async with step_held(monkeypatch, lambda: server.script.play(quote(0, 200))):
        await client.send_bytes(http_head("/v1/market/book?symbol=EURUSD"))
        with trio.move_on_after(1) as waiting:
            await client.stream.receive_some(1)
        assert waiting.cancelled_caught
        with trio.move_on_after(1) as waiting:
            await last.message()
        assert waiting.cancelled_caught
    assert bid(await last.message()) == 200
    assert (await client.head())[0] == 200


async def test_what_is_due_by_itself_waits_for_the_end_of_the_step(open_server, monkeypatch):
    """A client that did not subscribe in time is told so between two steps, like everything else."""
    policies = Policies(securitypro=SecurityProPolicy(idle_seconds=5))
    settings = Settings(flow=Flow(sweep_connections=1), policies=policies)
    async with open_server(settings) as server:
        idle = await server.upgraded("/market/ws")
        clients = [await server.subscribed("EURUSD") for _ in range(2)]
        async with step_held(monkeypatch, lambda: server.script.play(quote(0, 200))):
            await trio.sleep(10)
            with trio.move_on_after(1) as waiting:
                await idle.frame()
            assert waiting.cancelled_caught
            opcode, _ = await clients[0].frame()
            assert opcode == TEXT
        messages, code, _ = await idle.rest()
        assert ([message["type"] for message in messages], code) == (["error"], 1008)


async def test_who_has_caught_up_joins_between_steps(open_server, monkeypatch):
    """A resume that ends while a step is held has each of its ticks once."""
    async with open_server(ONE_AT_A_TIME) as server:
        first = await server.subscribed("EURUSD", path="/?ext=seq")
        since = (await first.message())["pos"]
        plain = [await server.subscribed("EURUSD") for _ in range(2)]
        late = await server.authenticated(path="/?ext=seq", capacity=1024)
        prices = range(200, 300)
        for price in prices:
            server.script.play(quote(0, price))
        await trio.testing.wait_all_tasks_blocked()
        await late.send({"type": "subscribe", "symbol": "EURUSD", "since": since})
        await trio.testing.wait_all_tasks_blocked()  # its socket is full: most of it is yet to be told
        async with step_held(monkeypatch, lambda: server.script.play(quote(0, 300))):
            assert (await late.message())["type"] == "subscribed"
            heard = []
            with trio.move_on_after(5):
                while True:
                    heard.append(bid(await late.message()))
        with trio.move_on_after(5):
            while True:
                heard.append(bid(await late.message()))
        assert heard == [*prices, 300]
        assert plain


def test_who_joins_at_the_handshake_joins_between_steps(monkeypatch):
    """A connection whose query subscribes hears no event of the step under way when it came."""

    async def main():
        async with railway(ONE_AT_A_TIME, speed=0.001) as server:
            query = "market=BTC-USD&subscriptions=publicTrades"
            # Two kinds of listeners: the second is told after the first.
            first = [await server.board("alice", query) for _ in range(2)]
            second = await server.board("bob", query + "&ext=seq")
            trade = (TRADE, 0, server.script.control.status().market_time, 1, 0, 6_425_000, 1, 1, 2, 0, 0)

            async def step():
                await server.context.fanout.step([trade])

            async with step_held(monkeypatch, lambda: server.nursery.start_soon(step)):
                late = server.connect()
                subprotocol = f"authorization#{server.token('bob')}"
                late_head = request(f"/rails?{query}&ext=seq", Sec_WebSocket_Protocol=subprotocol)
                await late.send_bytes(late_head)
                await trio.testing.wait_all_tasks_blocked()
            assert (await late.head())[0] == 101
            for client in (*first, second):
                assert (await client.message())["resultType"] == "publicCompletedOrdersDelta"
            with trio.move_on_after(0.001) as waiting:
                await late.message()
            assert waiting.cancelled_caught

    run(main)


async def test_a_house_at_rest_answers_at_once(three):
    """Nobody waits for a step that is not under way."""
    server, _ = three
    begun = trio.current_time()
    status, _, _ = await ask_http(server.connect(), "/v1/market/book?symbol=EURUSD")
    assert (status, trio.current_time() - begun) == (200, 0)
