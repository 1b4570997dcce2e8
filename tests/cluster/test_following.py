"""How a server that follows another begins, ends, and begins anew after a gap."""

from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
import trio
from asking import ADMIN_KEY, ask
from block_logs import MemoryLink, header_of, snapshot_of
from followed_servers import followed, played
from networks import Network

from feed import Settings
from feed.cluster.edge import check, follow
from feed.dialects.marketai.policy import MarketAiPolicy
from feed.errors import ConfigError
from feed.policies import Policies
from feed.settings import Alerts, Cluster, Durability

FOLLOW = Cluster(follow="unix:/run/feed.sock")
OVER = (1001, "The market has ended")


@pytest.fixture
def network(monkeypatch):
    """Where every server of the test listens."""
    return Network().install(monkeypatch)


@asynccontextmanager
async def following(servers, settings=None):
    """A server that follows: its link, its stop event, one for when it has returned, and its contexts."""
    link = MemoryLink(
        servers.log, header_of(servers.sequencer), lambda: snapshot_of(servers.sequencer, servers.log)
    )
    stop, done, contexts = trio.Event(), trio.Event(), []

    async def run(task_status):
        await follow(
            link,
            settings or Settings(cluster=FOLLOW),
            stop=stop,
            tell=contexts.append,
            admin_key=ADMIN_KEY,
            chance=Random(1),
            task_status=task_status,
        )
        done.set()

    async with trio.open_nursery() as nursery:
        await nursery.start(run)
        yield link, stop, done, contexts
        nursery.cancel_scope.cancel()


async def the_end(client):
    """How a connection ends."""
    _, code, reason = await client.rest()
    return code, reason


async def test_after_a_gap_it_begins_anew(autojump_clock, network):
    """Every connection is closed with 1012; whoever comes afterwards sees the market where it stands."""
    opening, rows = played(8)
    async with followed(opening) as servers, following(servers) as (link, _, _, contexts):
        client = await network.subscribed("EURUSD")
        await servers.play(rows[:200], Random(1))
        link.lose()
        assert await the_end(client) == (1012, "Service restart")
        servers.sequencer.script.play(*rows[200:400])
        await trio.sleep(6)
        again = await network.subscribed("EURUSD")
        servers.sequencer.script.play(*rows[400:])
        await trio.sleep(6)
        assert (await again.message())["type"] == "tick"
        first, second = contexts
        assert first.fanout.hub.seq == len(opening) + 200
        assert second.fanout.hub.position == servers.sequencer.context.fanout.hub.position


async def test_what_is_of_another_history_is_told_to_nobody(autojump_clock, network):
    """A block with one bit wrong: the server begins anew, and has published no event of it."""
    opening, rows = played(8)
    async with followed(opening) as servers, following(servers) as (link, _, _, contexts):
        client = await network.subscribed("EURUSD")
        link.spoilt = True
        servers.sequencer.script.play(*rows[:50])
        assert await the_end(client) == (1012, "Service restart")
        assert contexts[0].fanout.hub.seq == len(opening)
        await trio.sleep(6)
        assert contexts[-1].fanout.hub.position == servers.sequencer.context.fanout.hub.position


async def test_it_ends_with_the_market(autojump_clock, network):
    """Connections are closed as at the sequencer; ``/readyz`` says so."""
    opening, rows = played(8)
    async with followed(opening) as servers, following(servers):
        client = await network.subscribed("EURUSD")
        servers.sequencer.script.play(*rows[:50])
        await trio.sleep(1)
        await servers.log.append([], made=0, stood=0, ended=True)
        assert await the_end(client) == OVER
        status, _, ready = await ask(network.connect(), "/readyz")
        assert (status, ready["state"]) == (503, "ended")


@pytest.mark.parametrize(("at_end", "end"), [("hold", (1012, "Service restart")), ("close", OVER)])
async def test_after_the_end_of_a_market_it_follows_the_next(autojump_clock, network, at_end, end):
    """Clients that are held are closed with 1012; others were told already that theirs is over."""
    opening, _ = played(8)
    settings = Settings(cluster=FOLLOW, at_end=at_end)
    async with followed(opening) as servers, following(servers, settings) as (link, _, _, contexts):
        client = await network.subscribed("EURUSD")
        await servers.log.append([], made=0, stood=0, ended=True)
        await trio.sleep(0.1)
        link.lose()
        assert await the_end(client) == end
        await trio.sleep(20)
        assert len(contexts) == 2


async def test_what_happens_after_the_end_is_told_to_nobody(autojump_clock, network):
    """There can be no events: the server begins anew."""
    opening, rows = played(8)
    settings = Settings(cluster=FOLLOW, at_end="hold")
    async with followed(opening) as servers, following(servers, settings) as (_, _, _, contexts):
        await servers.log.append([], made=0, stood=0, ended=True)
        await trio.sleep(1)
        servers.sequencer.script.play(*rows[:50])
        await trio.sleep(20)
        assert contexts[0].fanout.hub.seq == len(opening)
        assert len(contexts) == 2


async def test_it_stops_when_asked(autojump_clock, network):
    """Gently; while it waits to begin anew, and while nobody is there to be followed, too."""
    opening, _ = played(8)
    async with followed(opening) as servers:
        async with following(servers) as (_, stop, done, _):
            client = await network.subscribed("EURUSD")
            stop.set()
            assert await the_end(client) == (1001, "Server is shutting down")
            await done.wait()
        for away in (False, True):
            async with following(servers) as (link, stop, done, contexts):
                link.away = away
                link.lose()
                await trio.sleep(5 if away else 0.5)
                stop.set()
                await done.wait()
                assert len(contexts) == 1


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("--log", {"cluster": Cluster(follow="unix:/a", log="unix:/b")}),
        ("--data", {"durability": Durability(directory=Path("/data"))}),
        ("--scenario", {"scenario": "burst"}),
        ("--seed", {"seed": 0}),
        ("--workers", {"cluster": Cluster(follow="unix:/run/feed.sock", workers=1)}),
        ("--lockstep", {"lockstep": True}),
        ("--wait-clients", {"wait_clients": 1}),
        ("--speed", {"speed": 0}),
        ("--at-end loop", {"at_end": "loop"}),
        ("--admin-key", {"admin_key": Path("/admin.key")}),
        ("settings of policies", {"policies": Policies(marketai=MarketAiPolicy(connections_per_minute=9))}),
        ("settings of alerts", {"alerts": Alerts(per_key=3)}),
    ],
)
def test_what_is_said_of_a_market_does_not_go_with_following(option, given):
    """It would be passed over otherwise; a message names the option."""
    with pytest.raises(ConfigError, match=f"--follow: it does not go with {option}"):
        check(Settings(**{"cluster": FOLLOW} | given))
    check(Settings(cluster=FOLLOW, port=1, keys_seconds=2))
