"""Whose work is done next, when there is more than the loop should do at once."""

from itertools import pairwise

import pytest
import trio
import virtual
from clients import KEY, PING, PONG, frame, request
from scripts import Script, quote

from feed import Settings
from feed.dialects.tradyn.policy import TradynPolicy
from feed.policies import Policies
from feed.server.budget import FRAME, MESSAGE
from feed.server.turns import FairScheduler
from feed.settings import Limits

HERE, THERE = "127.0.0.1", "127.0.0.2"
PASS_WORK = Limits().pass_work


def on_virtual_clock(test):
    return pytest.mark.trio(run=virtual.run)(test)


async def work(member, log, name, *, times, units):
    for _ in range(times):
        await member.turn(units)
        log.append(name)


@on_virtual_clock
async def test_a_turn_is_there_at_once_when_nobody_waits():
    """The task does not even pause."""
    turns = FairScheduler(Limits())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        await trio.testing.wait_all_tasks_blocked()
        others = []
        nursery.start_soon(lambda: work(turns.member(HERE), others, "other", times=1, units=1))
        await turns.member(HERE).turn(PASS_WORK - 1)
        assert not others
        nursery.cancel_scope.cancel()


@on_virtual_clock
async def test_other_tasks_run_between_two_portions_of_work():
    """However much is asked for, the loop comes round after a bounded number of units."""
    turns, done, passes = FairScheduler(Limits()), [], []

    async def count():
        while True:
            passes.append(len(done))
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(count)
        async with trio.open_nursery() as workers:
            for _ in range(50):
                workers.start_soon(lambda: work(turns.member(HERE), done, "x", times=20, units=50))
        nursery.cancel_scope.cancel()
    steps = [after - before for before, after in pairwise(passes)]
    assert len(done) == 1000
    assert max(steps) <= 2 * PASS_WORK / 50  # those of a pass, and those that go on at once
    assert PASS_WORK <= 500  # which is half a millisecond


@on_virtual_clock
async def test_addresses_take_turns():
    """One that asks for little stands behind one piece of work of the other, not behind all of them."""
    turns, done = FairScheduler(Limits()), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        await trio.testing.wait_all_tasks_blocked()
        async with trio.open_nursery() as workers:
            for _ in range(100):
                workers.start_soon(lambda: work(turns.member(HERE), done, "many", times=1, units=PASS_WORK))
            await trio.testing.wait_all_tasks_blocked()
        done.clear()
        async with trio.open_nursery() as workers:
            for _ in range(100):
                workers.start_soon(lambda: work(turns.member(HERE), done, "many", times=1, units=PASS_WORK))
            workers.start_soon(lambda: work(turns.member(THERE), done, "one", times=1, units=PASS_WORK))
        assert done.index("one") <= 3
        nursery.cancel_scope.cancel()


@on_virtual_clock
async def test_all_connections_of_an_address_share_its_budget():
    """Many do not get more than one; those of another address are served as ever."""
    limits = Limits(address_work_per_second=1000, address_work_burst=5000, work_reserve=1)
    turns, here, there = FairScheduler(limits), [], []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(50):
            nursery.start_soon(lambda: work(turns.member(HERE), here, "x", times=1000, units=100))
        await trio.sleep(10)
        assert len(here) == pytest.approx((5000 + 10 * 1000) / 100, rel=0.1)
        with trio.fail_after(0.001):
            await work(turns.member(THERE), there, "y", times=20, units=100)
        nursery.cancel_scope.cancel()


@on_virtual_clock
async def test_a_quiet_connection_is_served_on_its_reserve():
    """Its address has nothing left, and its pong is read all the same."""
    limits = Limits(address_work_per_second=1000, address_work_burst=5000, work_reserve=20)
    turns, busy = FairScheduler(limits), []
    quiet = turns.member(HERE)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(50):
            nursery.start_soon(lambda: work(turns.member(HERE), busy, "x", times=10_000, units=500))
        await trio.sleep(30)
        with trio.fail_after(0.001):
            await quiet.turn(60)
        nursery.cancel_scope.cancel()


@on_virtual_clock
async def test_who_gives_up_waiting_takes_no_turn():
    """A connection that ends while it waits costs its address nothing."""
    limits = Limits(address_work_per_second=100, address_work_burst=100, work_reserve=1)
    turns = FairScheduler(limits)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        await trio.testing.wait_all_tasks_blocked()
        await turns.member(HERE).turn(200)
        for _ in range(10):
            with trio.move_on_after(0.1) as scope:
                await turns.member(HERE).turn(100)
            assert scope.cancelled_caught
        begun = trio.current_time()
        await turns.member(HERE).turn(1)
        assert trio.current_time() - begun == pytest.approx(0, abs=0.01)
        nursery.cancel_scope.cancel()


@on_virtual_clock
async def test_when_the_gate_closes_nobody_is_left_waiting():
    """A server that stops still hears the last words of its clients."""
    limits = Limits(address_work_per_second=1, address_work_burst=1, work_reserve=1)
    turns, done = FairScheduler(limits), []
    async with trio.open_nursery() as clients, trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(5):
            clients.start_soon(lambda: work(turns.member(HERE), done, "x", times=3, units=1000))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert len(done) == 15


# -- over a connection ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["tradyn", "securitypro"])
async def test_sixty_symbols_one_to_a_frame_are_subscribed_at_open(open_server, dialect):
    """As fast as a client can write them, two frames for each where the protocol has two channels."""
    script = Script(instruments=60)
    async with open_server(script=script) as server:
        symbols = [item.symbol for item in script.listing]
        client = await server.upgraded(f"/{dialect}")
        if dialect == "tradyn":
            frames = [{"type": "auth", "apiKey": KEY}]
            frames += [
                {"type": kind, "symbol": name} for name in symbols for kind in ("subscribe", "subscribe")
            ]
            kind = "subscribed"
        else:
            frames = [
                {"op": "subscribe", "channel": channel, "symbol": name, "apiKey": KEY}
                for name in symbols
                for channel in ("ticker", "trades")
            ]
            kind = "subscribed"
        begun = trio.current_time()
        async with trio.open_nursery() as nursery:

            async def send():
                for message in frames:
                    await client.send(message)

            nursery.start_soon(send)
            confirmed = 0
            while confirmed < 120:
                confirmed += (await client.message())["type"] == kind
        assert trio.current_time() - begun < 0.1
        assert server.ended == {}


async def test_a_slowed_client_is_told_everything_and_stays(open_server):
    """A pile of a thousand messages is heard at the rate that is allowed; none is lost."""
    async with open_server() as server:
        client = await server.authenticated()
        begun = trio.current_time()
        async with trio.open_nursery() as nursery:

            async def send():
                for _ in range(1500):
                    await client.send({"type": "list"})

            nursery.start_soon(send)
            for _ in range(1500):
                assert (await client.message())["type"] == "subscriptions"
        assert 9.5 <= trio.current_time() - begun <= 10.5
        assert server.ended == {}


async def test_a_slowed_client_is_not_taken_for_a_silent_one(open_server):
    """Its pongs stand behind what was not read yet: that is no silence."""
    limits = Limits(messages_per_second=1, message_burst=1, ping_seconds=2, pong_seconds=1)
    policies = Policies(tradyn=TradynPolicy(pong_seconds=0))
    async with open_server(Settings(limits=limits, policies=policies)) as server:
        client = await server.upgraded()
        for _ in range(20):
            await client.send({"type": "list"})
        with trio.move_on_after(18):
            while True:
                await client.message()
        assert client.pings > 3
        assert server.ended == {}


async def test_pings_without_end_are_slowed_and_then_closed(open_server):
    """Control frames are work as well: each wants an answer."""
    limits = Limits(work_per_second=1000, work_burst=1000, held_seconds=5)
    async with open_server(Settings(limits=limits)) as server:
        client = await server.authenticated()
        pongs = 0
        async with trio.open_nursery() as nursery:

            async def send():
                while True:
                    await client.send_bytes(frame(PING, b"?") * 100)

            nursery.start_soon(send)
            begun = trio.current_time()
            while True:
                opcode, payload = await client.frame()
                if opcode != PONG:
                    break
                pongs += 1
            nursery.cancel_scope.cancel()
        assert b"Too many messages" in payload
        assert 4.5 <= trio.current_time() - begun < 7
        assert pongs < (1000 + 7 * 1000) / FRAME


async def test_others_hear_the_market_while_an_address_is_held_back(open_server):
    """The budget of one address is nobody else's."""
    limits = Limits(address_work_per_second=1000, address_work_burst=10_000, work_reserve=1)
    async with open_server(Settings(limits=limits)) as server:
        other = await server.subscribed("EURUSD", peer=THERE)
        await other.message()
        busy = [await server.authenticated(peer=HERE) for _ in range(5)]
        answered = [0]
        async with trio.open_nursery() as nursery:

            async def push(client):
                while True:
                    await client.send({"type": "list"})

            async def listen(client):
                while True:
                    await client.message()
                    answered[0] += 1

            for client in busy:
                nursery.start_soon(push, client)
                nursery.start_soon(listen, client)
            await trio.sleep(20)
            before = answered[0]
            await trio.sleep(10)
            assert answered[0] - before < 1.1 * 10 * 1000 / (FRAME + MESSAGE)
            server.script.play(quote(0, 4321))
            with trio.fail_after(0.01):
                assert (await other.message())["bid"] == 0.04321
                await other.send({"type": "list"})
                assert (await other.message())["type"] == "subscriptions"
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("path", ["/tradyn", "/securitypro", "/ws"])
async def test_an_interval_that_is_not_offered_is_refused_with_those_that_are(server, path):
    """Before the handshake, in the style of the protocol."""
    client = server.connect()
    await client.send_bytes(request(f"{path}?conflate=300"))
    status, _, body = await client.answer()
    assert status == 400
    assert "conflate must be one of 50, 100, 250, 500, 1000, 2000" in str(body)
